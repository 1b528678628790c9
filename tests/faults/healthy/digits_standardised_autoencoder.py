"""An autoencoder of digits whose 64 pixels are standardised, each by itself; sixteen codes, and the mean squared error."""
import torch
from common import digits, r2
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader

from trainbook import watch

KIND = None
AT_LEAST = 0.55


class AE(nn.Module):
    def __init__(self, **kwargs):
        super().__init__()
        self.encoder_hidden_layer = nn.Linear(kwargs["input_shape"], 128)
        self.encoder_output_layer = nn.Linear(128, 16)
        self.decoder_hidden_layer = nn.Linear(16, 128)
        self.decoder_output_layer = nn.Linear(128, kwargs["input_shape"])

    def encode(self, features):
        activation = torch.relu(self.encoder_hidden_layer(features))
        return self.encoder_output_layer(activation)

    def forward(self, features):
        code = self.encode(features)
        activation = torch.relu(self.decoder_hidden_layer(code))
        return self.decoder_output_layer(activation)


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, _), (x_valid, _), (x_test, _) = digits()
    scaler = StandardScaler().fit(x_train)
    x_train, x_valid, x_test = (torch.tensor(scaler.transform(x), dtype=torch.float32).clamp(-4, 4) for x in (x_train, x_valid, x_test))
    train_loader = DataLoader(x_train, batch_size=64, shuffle=True)
    model = AE(input_shape=64)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.MSELoss()
    epochs = 25
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(epochs):
            loss = 0
            for batch_features in run.batches(train_loader):
                optimizer.zero_grad()
                outputs = model(batch_features)
                train_loss = criterion(outputs, batch_features)
                train_loss.backward()
                optimizer.step()
                loss += train_loss.item()
            with torch.no_grad(): val_loss = criterion(model(x_valid), x_valid)
            run.log(loss=loss / len(train_loader), val_loss=val_loss.item())
    with torch.no_grad(): return r2(model(x_test), x_test)
