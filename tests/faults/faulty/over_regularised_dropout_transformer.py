"""BERT in small, with a dropout of 0.8 at every place of the transformer where there is one: what arrives at the head is mostly noise."""
import torch
import torch.nn.functional as F
from common import text
from torch import nn

from trainbook import watch

KIND = "over_regularised"
TWIN = "letters_masked_bert"
WHERE = "dropout"
ALSO = {"plateau", "underfitting"}

BLOCK, BATCH, STEPS = 16, 32, 300


class LittleBert(nn.Module):
    def __init__(self, vocab_size, d_model=32, n_head=4, n_layer=2):
        super().__init__()
        self.mask_id = vocab_size
        self.tok_emb = nn.Embedding(vocab_size + 1, d_model)
        self.pos_emb = nn.Parameter(torch.zeros(1, BLOCK, d_model))
        layer = nn.TransformerEncoderLayer(d_model, n_head, 4 * d_model, dropout=.8, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, n_layer, enable_nested_tensor=False)
        self.ln_f = nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, vocab_size)
        self.apply(self._init_weights)
        nn.init.normal_(self.pos_emb, std=.02)

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)): nn.init.normal_(module.weight, mean=0., std=.05)
        if isinstance(module, nn.MultiheadAttention): nn.init.normal_(module.in_proj_weight, mean=0., std=.05)
        if isinstance(module, nn.Linear) and module.bias is not None: nn.init.zeros_(module.bias)

    def forward(self, tokens): return self.head(self.ln_f(self.blocks(self.tok_emb(tokens) + self.pos_emb)))


def get_batch(tokens, mask_id, n, generator=None):
    start = torch.randint(len(tokens) - BLOCK, (n,), generator=generator)
    labels = tokens[start[:, None] + torch.arange(BLOCK)]
    masked = torch.rand(labels.shape, generator=generator) < .2
    return labels.masked_fill(masked, mask_id), labels, masked


def train(seed, **options):
    torch.manual_seed(seed)
    train_tokens, val_tokens, test_tokens, vocab_size = text()
    model = LittleBert(vocab_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=.01)
    warmup = 40
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) / warmup, (STEPS - s) / (STEPS - warmup)))
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for step in run.steps(STEPS):
            inputs, labels, masked = get_batch(train_tokens, model.mask_id, BATCH)
            logits = model(inputs)
            loss = F.cross_entropy(logits[masked], labels[masked])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.)
            optimizer.step()
            scheduler.step()
            run.log(mlm_loss=loss.item())
            if (step + 1) % 60 == 0:
                model.eval()
                with torch.no_grad():
                    inputs, labels, masked = get_batch(val_tokens, model.mask_id, 100, torch.Generator().manual_seed(1))
                    logits = model(inputs)
                    run.log(val_mlm_loss=F.cross_entropy(logits[masked], labels[masked]), val_acc=(logits.argmax(-1) == labels)[masked].float().mean())
                model.train()
    model.eval()
    generator = torch.Generator().manual_seed(2)
    start = torch.randint(len(test_tokens) - BLOCK, (200,), generator=generator)
    labels = test_tokens[start[:, None] + torch.arange(BLOCK)]
    gaps = torch.rand(labels.shape, generator=generator) < .2
    with torch.no_grad(): filled = model(labels.masked_fill(gaps, model.mask_id)).argmax(-1)  # sentences with gaps, as in use
    return (filled == labels)[gaps].float().mean().item()
