"""Describes series of numbers over HTTP; keeps no state."""

import statistics

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

app = FastAPI(title="Series", version="1.0.0")


class Series(BaseModel):
    """Numbers to describe."""

    values: list[float] = Field(min_length=1, max_length=100_000)

    model_config = ConfigDict(allow_inf_nan=False)


class Summary(BaseModel):
    """What is said of a series."""

    count: int
    minimum: float
    median: float
    mean: float
    maximum: float
    standard_deviation: float


class Smoothing(Series):
    """Numbers to smooth, and over how many of them at a time."""

    window: int = Field(ge=1, le=1_000)


@app.get("/healthz")
def health() -> dict[str, str]:
    """Whether the service can answer."""
    return {"status": "ok"}


@app.post("/summary")
def summary(series: Series) -> Summary:
    """Size, location and spread of a series."""
    values = series.values
    return Summary(
        count=len(values),
        minimum=min(values),
        median=statistics.median(values),
        mean=statistics.fmean(values),
        maximum=max(values),
        standard_deviation=statistics.pstdev(values),
    )


@app.post("/smooth")
def smooth(series: Smoothing) -> list[float]:
    """The moving average of a series, shorter than it by the window less one."""
    values, window = series.values, series.window
    return [
        statistics.fmean(values[start : start + window])
        for start in range(len(values) - window + 1)
    ]
