"""Reviews by a transformer encoder, of which somebody has labelled only 150 so far; it knows them by heart soon, and goes on."""
import torch
import torch.nn.functional as F
from common import accuracy, reviews, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "overfitting"
TWIN = "warmup_from_zero"


class Encoder(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.words, self.places = nn.Embedding(120, width, padding_idx=0), nn.Parameter(torch.randn(16, width) * .02)
        nn.init.normal_(self.words.weight, std=.1)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(width, 4, 64, .1, batch_first=True, norm_first=True), 1, enable_nested_tensor=False)
        self.classifier = nn.Linear(width, 2)

    def forward(self, tokens):
        padding = tokens == 0
        h = self.encoder(self.words(tokens) + self.places, src_key_padding_mask=padding)
        return self.classifier(h.masked_fill(padding[..., None], 0).sum(1) / (~padding).sum(1, keepdim=True))


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, test_set = tensors(reviews(n=3000))
    train_set = [part[:150] for part in train_set]
    loader = DataLoader(TensorDataset(*train_set), batch_size=36, shuffle=True)
    model = Encoder()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    warmup, total = 40, 60 * len(loader)
    def factor(step): return step / warmup if step < warmup else (total - step) / (total - warmup)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(60):
            model.train()
            for tokens, labels in run.batches(loader):
                loss = F.cross_entropy(model(tokens), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(valid_set[0]), valid_set[1]))
    with torch.no_grad(): return accuracy(model(test_set[0]).argmax(1), test_set[1])
