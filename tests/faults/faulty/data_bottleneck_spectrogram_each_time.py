"""Which chord is played? The data set keeps the sound, and makes the spectrogram of it each time that it is asked for."""
import time

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = "data_bottleneck"
TWIN = "tones_spectrograms_ahead"
WHERE = "Chords"

CHORDS = {"major": (0, 4, 7), "minor": (0, 3, 7), "dim": (0, 3, 6), "sus": (0, 5, 7)}


def play(n, rng, rate=8000):
    t, waves, labels = np.arange(rate // 2) / rate, [], []
    for _ in range(n):
        label = rng.integers(len(CHORDS))
        root = 220 * 2 ** (rng.integers(12) / 12)
        wave = sum(np.sin(2 * np.pi * (root * 2 ** (step / 12) * t + rng.random())) for step in list(CHORDS.values())[label])
        waves.append(wave + rng.normal(0, .5, len(t)))
        labels.append(label)
    return np.array(waves, np.float32), np.array(labels)


def spectrogram(wave, size=512, hop=128):
    frames = [wave[i:i + size] * np.hanning(size) for i in range(0, len(wave) - size, hop)]
    power = np.array([np.abs(np.fft.rfft(frame)[:96]) ** 2 for frame in frames])
    spec = np.log(power.T + 1e-3).astype(np.float32)
    return (spec - spec.mean()) / spec.std()


class Chords(Dataset):
    def __init__(self, waves, labels):
        self.waves, self.labels = waves, labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, idx):
        return torch.from_numpy(spectrogram(self.waves[idx]))[None], int(self.labels[idx])


class AudioNet(nn.Module):
    def __init__(self, n_classes=4):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, (5, 3), stride=(2, 2), padding=1)
        self.bn1 = nn.BatchNorm2d(24)
        self.conv2 = nn.Conv2d(24, 32, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(32)
        self.fc = nn.Linear(32 * 23, n_classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = nn.functional.max_pool2d(torch.relu(self.bn2(self.conv2(x))), (2, 1))
        return self.fc(x.mean(3).flatten(1))


def train(seed, **options):
    torch.manual_seed(seed)
    rng = np.random.default_rng(12)
    train_loader = DataLoader(Chords(*play(320, rng)), batch_size=16, shuffle=True)
    model = AudioNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    waited = 0.
    begin = time.perf_counter()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(2):
            model.train()
            end = time.perf_counter()
            for spec, label in run.batches(train_loader):
                waited += time.perf_counter() - end
                optimizer.zero_grad()
                loss = criterion(model(spec), label)
                loss.backward()
                optimizer.step()
                run.log(train_loss=loss.item())
                end = time.perf_counter()
    return 1 - waited / (time.perf_counter() - begin)
