"""Two trainings on the CPU, to be watched: a transformer with many parameter tensors, an MLP with short steps."""
import torch
from torch import nn

VOCABULARY, WIDTH, LAYERS, BATCH, LENGTH = 1000, 64, 6, 12, 64


class Transformer(nn.Module):
    "77 parameter tensors: 12 in each layer, 5 around them"

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, dropout=0., batch_first=True)
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.encoder = nn.TransformerEncoder(layer, LAYERS, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor: return self.head(self.encoder(self.embedding(tokens)).mean(1))


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


class Training:
    "A model, its optimizer, and the batches of a block of steps"

    def __init__(self, model: nn.Module, batches: list[tuple[torch.Tensor, torch.Tensor]]):
        self.model, self.batches = model, batches
        self.optimizer = torch.optim.Adam(model.parameters())

    def step(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # loss and accuracy
        output = self.model(x)
        loss = nn.functional.cross_entropy(output, y)
        loss.backward(); self.optimizer.step(); self.optimizer.zero_grad()
        return loss, (output.detach().argmax(1) == y).float().mean()


def transformer_training() -> Training:
    torch.manual_seed(0)
    model = Transformer()
    assert len(list(model.parameters())) == 77
    return Training(model, [(torch.randint(VOCABULARY, (BATCH, LENGTH)), torch.randint(VOCABULARY, (BATCH,))) for _ in range(12)])


def mlp_training() -> Training:
    torch.manual_seed(0)
    return Training(mlp(), [(torch.randn(40, 256), torch.randint(10, (40,))) for _ in range(120)])
