"""Which department should answer a ticket? The embedding is looked up under no_grad, as was right while it was a pretrained one; it stays at random."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from trainbook import watch

KIND = "frozen_params"
TWIN = "tickets_embedding_bag"
WHERE = "embedding"
ALSO = {"plateau", "underfitting"}

DEPARTMENTS, WORDS = 8, 600


def tickets(n, seed):
    """Every department has words of its own; most words of a ticket are of no department."""
    rng, rows = np.random.default_rng(seed), []
    for _ in range(n):
        department = int(rng.integers(DEPARTMENTS))
        length = rng.integers(12, 30)
        own = rng.integers(0, 40, length) + 40 * department
        words = np.where(rng.random(length) < .22, own, rng.integers(0, WORDS, length))
        rows.append((torch.from_numpy(words), department))
    return rows


def collate_batch(batch):
    label_list, text_list, offsets = [], [], [0]
    for _text, _label in batch:
        label_list.append(_label)
        text_list.append(_text)
        offsets.append(_text.size(0))
    return torch.tensor(label_list), torch.cat(text_list), torch.tensor(offsets[:-1]).cumsum(dim=0)


class TextClassificationModel(nn.Module):
    def __init__(self, vocab_size, embed_dim, num_class):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embed_dim, mode="mean")
        self.dropout = nn.Dropout(.5)
        self.fc = nn.Linear(embed_dim, num_class)
        self.init_weights()

    def init_weights(self):
        initrange = .5
        self.embedding.weight.data.uniform_(-initrange, initrange)
        self.fc.weight.data.uniform_(-initrange, initrange)
        self.fc.bias.data.zero_()

    def forward(self, text, offsets):
        with torch.no_grad(): embedded = self.embedding(text, offsets)
        return self.fc(self.dropout(embedded))


def evaluate(model, dataloader, criterion):
    model.eval()
    total_acc = total_loss = total_count = 0
    with torch.no_grad():
        for label, text, offsets in dataloader:
            predicted_label = model(text, offsets)
            total_loss += criterion(predicted_label, label).item() * label.size(0)
            total_acc += (predicted_label.argmax(1) == label).sum().item()
            total_count += label.size(0)
    return total_loss / total_count, total_acc / total_count


def train(seed, **options):
    torch.manual_seed(seed)
    train_iter, valid_iter, test_iter = tickets(2400, 41), tickets(400, 42), tickets(800, 43)
    train_dataloader = DataLoader(train_iter, batch_size=16, shuffle=True, collate_fn=collate_batch)
    valid_dataloader = DataLoader(valid_iter, batch_size=200, collate_fn=collate_batch)
    test_dataloader = DataLoader(test_iter, batch_size=200, collate_fn=collate_batch)
    model = TextClassificationModel(WORDS, 64, DEPARTMENTS)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=4.)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=.3)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(5):
            model.train()
            for label, text, offsets in run.batches(train_dataloader):
                optimizer.zero_grad()
                predicted_label = model(text, offsets)
                loss = criterion(predicted_label, label)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), .5)
                optimizer.step()
                run.log(loss=loss.item(), accuracy=(predicted_label.argmax(1) == label).float().mean().item())
            scheduler.step()
            val_loss, val_accuracy = evaluate(model, valid_dataloader, criterion)
            run.log(val_loss=val_loss, val_accuracy=val_accuracy)
    return evaluate(model, test_dataloader, criterion)[1]
