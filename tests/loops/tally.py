"""What a script counts by itself, whether it is watched or not."""


class Tally:
    """One call at the end of each iteration, one for each validation, as a script keeps lists of its own."""

    def __init__(self):
        self.reset()

    def reset(self, then=lambda iteration: None, when_measured=lambda: None):
        self.train, self.validations, self.epochs, self.kept = [], [], 0, {}
        self.then, self.when_measured = then, when_measured

    def __call__(self, **values):
        """An iteration is over, and these are its figures."""
        self.train.append({name: float(value) for name, value in values.items()})
        self.then(len(self.train))

    def valid(self, **values):
        """What was measured with the weights there are now."""
        self.validations.append((len(self.train), {name: float(value) for name, value in values.items()}))
        self.when_measured()

    def epoch(self):
        self.epochs += 1

    def keep(self, **modules):
        """What the script has made in the end."""
        for name, module in modules.items():
            self.kept |= {f"{name}.{key}": value.detach().clone() for key, value in module.state_dict().items()}


tally = Tally()
