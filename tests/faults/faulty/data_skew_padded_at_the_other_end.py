"""Short commands to a robot as words, read by a GRU. Training sentences are filled up at the left; those of validation and use at the right, where
after the last word comes padding as it never did in training."""
import numpy as np
import torch
from common import accuracy
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = "data_skew"
TWIN = "commands_padded"
ALSO = {"overfitting"}

WORDS = "<pad> go left right forward back twice then stop slowly please".split()


def make_commands(n, seed):
    """Commands and where the robot looks at the end: 0 north, 1 east, 2 south, 3 west."""
    rng, commands = np.random.default_rng(seed), []
    for _ in range(n):
        words, heading = [], 0
        for _ in range(rng.integers(1, 4)):
            turn = rng.choice(["left", "right", "back", "forward"])
            if rng.random() < .3: words.append(rng.choice(["please", "slowly"]))
            words += ["go", turn, "then"]
            heading += {"left": 3, "right": 1, "back": 2, "forward": 0}[turn]
        commands.append((words[:-1] + ["stop"], heading % 4))
    return commands


def pad_left(ids, length): return [0] * (length - len(ids)) + ids
def pad_right(ids, length): return ids + [0] * (length - len(ids))


class CommandDataset(Dataset):
    def __init__(self, commands, pad=pad_left, length=14):
        self.items = [(torch.tensor(pad([WORDS.index(w) for w in words], length)), heading) for words, heading in commands]

    def __len__(self): return len(self.items)
    def __getitem__(self, i): return self.items[i]


class CommandReader(nn.Module):
    def __init__(self, emb_dim=16, hidden_dim=48):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), emb_dim)
        self.rnn = nn.GRU(emb_dim, hidden_dim, batch_first=True)
        self.classifier = nn.Linear(hidden_dim, 4)

    def forward(self, ids):
        _, last = self.rnn(self.embedding(ids))
        return self.classifier(last[0])


def train(seed, **options):
    torch.manual_seed(seed)
    train_loader = DataLoader(CommandDataset(make_commands(1500, 1)), batch_size=50, shuffle=True)
    val_loader = DataLoader(CommandDataset(make_commands(300, 2), pad_right), batch_size=100)
    test = CommandDataset(make_commands(500, 3), pad_right)
    model = CommandReader()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    criterion = nn.CrossEntropyLoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(8):
            for ids, heading in run.batches(train_loader):
                loss = criterion(model(ids), heading)
                optimizer.zero_grad()
                loss.backward()
                grad_norm = clip_grad_norm_(model.parameters(), 1.)
                optimizer.step()
                run.log(train_loss=loss, grad_norm=grad_norm)
            losses, right = [], 0
            with torch.no_grad():
                for ids, heading in run.batches(val_loader, valid=True):
                    logits = model(ids)
                    losses.append(criterion(logits, heading).item())
                    right += (logits.argmax(1) == heading).sum().item()
            run.log(val_loss=np.mean(losses), val_accuracy=right / 300)
    with torch.no_grad(): predicted = model(torch.stack([ids for ids, _ in test])).argmax(1)
    return accuracy(predicted, torch.tensor([heading for _, heading in test]))
