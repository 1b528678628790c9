"""Parts of speech by a bidirectional LSTM; four small batches make one step of SGD with momentum."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.65

VOCAB, TAGS, PAD = 150, 9, 0


def corpus(n, seed):
    """A word has two possible tags; which one it has depends on the tag before."""
    meaning = np.random.default_rng(80).integers(1, TAGS + 1, (VOCAB, 2))
    rng = np.random.default_rng(seed)
    sentences, tags = torch.zeros(n, 18, dtype=torch.long), torch.full((n, 18), -100)
    for row in range(n):
        previous = 1
        for place in range(rng.integers(8, 19)):
            word = rng.integers(1, VOCAB)
            previous = int(meaning[word, previous % 2])
            sentences[row, place], tags[row, place] = int(word), previous - 1
    return sentences, tags


class LSTMTagger(nn.Module):
    def __init__(self, embedding_dim=32, hidden_dim=32):
        super().__init__()
        self.word_embeddings = nn.Embedding(VOCAB, embedding_dim, padding_idx=PAD)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim, bidirectional=True, batch_first=True)
        self.hidden2tag = nn.Linear(2 * hidden_dim, TAGS)

    def forward(self, sentence):
        lstm_out, _ = self.lstm(self.word_embeddings(sentence))
        return self.hidden2tag(lstm_out)


def token_loss(scores, tags): return F.cross_entropy(scores.flatten(0, 1), tags.flatten(), ignore_index=-100)


def token_accuracy(scores, tags):
    known = tags != -100
    return (scores.argmax(-1) == tags)[known].float().mean().item()


def train(seed, **options):
    torch.manual_seed(seed)
    sentences, tags = corpus(1200, 81)
    dev_sentences, dev_tags = corpus(200, 82)
    test_sentences, test_tags = corpus(300, 83)
    model = LSTMTagger()
    optimizer = torch.optim.SGD(model.parameters(), lr=.8, momentum=.9)
    accumulate = 4
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(4):
            for i, rows in enumerate(run.batches(torch.randperm(1200).split(10))):
                loss = token_loss(model(sentences[rows]), tags[rows])
                (loss / accumulate).backward()
                if (i + 1) % accumulate == 0:
                    nn.utils.clip_grad_norm_(model.parameters(), 1.)
                    optimizer.step()
                    optimizer.zero_grad()
                run.log(loss=loss.item())
            with torch.no_grad(): scores = model(dev_sentences)
            run.log(dev_loss=token_loss(scores, dev_tags), dev_acc=token_accuracy(scores, dev_tags))
    with torch.no_grad(): return token_accuracy(model(test_sentences), test_tags)
