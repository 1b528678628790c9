"""A student learns from a teacher's softened probabilities. Its forward ends in a softmax, and the loss takes another one of that."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "double_softmax"
TWIN = "student_of_teacher"
WHERE = "kl_div"
ALSO = {"plateau", "underfitting"}

T = 3.


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Linear(64, 24), nn.Linear(24, 10)

    def forward(self, x):
        x = F.softmax(self.out(F.relu(self.hidden(x))), dim=1)
        return x


def taught(x, y):
    teacher = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Linear(128, 10))
    optimizer = optim.Adam(teacher.parameters(), lr=3e-3)
    for _ in range(120):
        optimizer.zero_grad()
        F.cross_entropy(teacher(x), y).backward()
        optimizer.step()
    return teacher.eval().requires_grad_(False)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    teacher, student = taught(x, y), Student()
    loader = DataLoader(TensorDataset(x), batch_size=48, shuffle=True)
    optimizer = optim.SGD(student.parameters(), lr=.05, momentum=.9)
    with watch(dict(student=student, teacher=teacher), optimizer, config=dict(temperature=T), **options) as run:
        for epoch in run.epochs(12):
            for xb, in run.batches(loader):
                with torch.no_grad(): wanted = F.softmax(teacher(xb) / T, dim=1)
                said = F.log_softmax(student(xb) / T, dim=1)
                loss = T ** 2 * F.kl_div(said, wanted, reduction="batchmean")
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_accuracy=accuracy(student(x_valid).argmax(1), y_valid))
    with torch.no_grad(): return accuracy(student(x_test).argmax(1), y_test)
