"""Words of eight letters, written backwards by an encoder and a decoder (GRU) with teacher forcing; tested letter by letter, on its own guesses."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.85

LETTERS, LENGTH, START = 3, 8, 3


class Encoder(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.embedding, self.gru = nn.Embedding(LETTERS, 16), nn.GRU(16, width, batch_first=True)

    def forward(self, words):
        return self.gru(self.embedding(words))[1]


class Decoder(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.embedding, self.gru, self.out = nn.Embedding(LETTERS + 1, 16), nn.GRU(16, width, batch_first=True), nn.Linear(width, LETTERS)

    def forward(self, letters, state):
        output, state = self.gru(self.embedding(letters), state)
        return self.out(output), state


@torch.no_grad()
def translate(encoder, decoder, words):
    state, letter, letters = encoder(words), torch.full((len(words), 1), START), []
    for _ in range(LENGTH):
        logits, state = decoder(letter, state)
        letter = logits.argmax(2)
        letters.append(letter)
    return torch.cat(letters, 1)


def train(seed, **options):
    torch.manual_seed(seed)
    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=8e-3)
    with watch(dict(encoder=encoder, decoder=decoder), optimizer, **options) as run:
        for step in run.steps(450):
            words = torch.randint(LETTERS, (32, LENGTH))
            answer = words.flip(1)
            logits, _ = decoder(torch.cat([torch.full((32, 1), START), answer[:, :-1]], 1), encoder(words))
            loss = F.cross_entropy(logits.transpose(1, 2), answer)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*encoder.parameters(), *decoder.parameters()], 1.)
            optimizer.step()
            run.log(loss=loss)
    words = torch.randint(LETTERS, (500, LENGTH), generator=torch.Generator().manual_seed(0))
    return accuracy(translate(encoder, decoder, words), words.flip(1))
