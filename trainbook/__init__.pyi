from .run.reader import Run as Run, list_runs as list_runs, open_run as open_run
from .train.live import LiveRun as LiveRun
from .train.watch import watch as watch
from .widget.doctor import doctor as doctor
from .widget.panel import (
    ControlBar as ControlBar, EarlyStopToggle as EarlyStopToggle, GradientNormMonitor as GradientNormMonitor,
    LossPlot as LossPlot, Panel as Panel, SystemMonitor as SystemMonitor,
)
