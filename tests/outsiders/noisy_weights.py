"""A remedy of another package: noise on the weights, to leave a place where nothing is learned."""
import torch

from trainbook.remedy.change import Change, Plan, Training
from trainbook.remedy.commands import remedy
from trainbook.run.contract import Positive


@remedy("Shake the weights", cures={"plateau": 8}, arguments=dict(scale=Positive))
def shake_weights(training: Training, scale: float = .01) -> Plan:
    """Noise is added to all weights, so that they leave the place where they stand."""
    def shake() -> None:
        with torch.no_grad():
            for model in training.models.values():
                for weights in model.parameters(): weights.add_(torch.randn_like(weights), alpha=scale)
    return Plan(f"Noise of {scale:g} is added to all weights.", [Change("weights", "as they are", f"± {scale:g}", shake)], dict(scale=scale))
