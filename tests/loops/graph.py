"""A graph network on the whole graph at once: an epoch is one step, and there are no batches."""
import torch
import torch.nn.functional as F
from tally import tally
from torch import nn, optim
from trainbook import watch  #+

torch.manual_seed(6)
labels = torch.arange(60) % 3
adjacency = ((torch.rand(60, 60) < torch.where(labels[:, None] == labels, .3, .03)).float() + torch.eye(60)).clamp(max=1)
adjacency = (adjacency + adjacency.T).clamp(max=1)
adjacency /= adjacency.sum(1, keepdim=True)
features = torch.randn(60, 8) + F.one_hot(labels, 8)
train_mask = torch.arange(60) < 30


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Linear(8, 16), nn.Linear(16, 3)

    def forward(self, x):
        x = F.dropout(F.relu(adjacency @ self.conv1(x)), .5, self.training)
        return adjacency @ self.conv2(x)


model = GCN()
optimizer = optim.Adam(model.parameters(), lr=.02, weight_decay=5e-4)
run = watch(model, optimizer)  #+
for epoch in run.epochs(20):  #= for epoch in range(20):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(features)[train_mask], labels[train_mask])
    loss.backward()
    optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(features)[~train_mask]
        val_loss, accuracy = F.cross_entropy(output, labels[~train_mask]), (output.argmax(1) == labels[~train_mask]).float().mean()
    run.log(loss=loss, val_loss=val_loss, val_accuracy=accuracy)  #+
    tally(loss=loss)
    tally.valid(val_loss=val_loss, val_accuracy=accuracy)
    tally.epoch()
tally.keep(model=model)
