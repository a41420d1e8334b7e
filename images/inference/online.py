"""A service around a small model: POST /predict with rows of features gives a number for each."""

import os
from pathlib import Path

import numpy as np
from fastapi import FastAPI, HTTPException
from model import FEATURES, Model
from pydantic import BaseModel, ConfigDict, Field

app = FastAPI(title="Predictions", version="1.0.0")
model = Model(Path(os.environ["MODEL"]))


class Question(BaseModel):
    """Rows of features."""

    rows: list[list[float]] = Field(min_length=1, max_length=1_000)

    model_config = ConfigDict(allow_inf_nan=False)


class Answer(BaseModel):
    """One prediction for each row."""

    predictions: list[float]


@app.get("/healthz")
def health() -> dict[str, str]:
    """Whether the model is there and answers."""
    model.predict(np.zeros((1, FEATURES), np.float32))
    return {"status": "ok"}


@app.post("/predict")
def predict(question: Question) -> Answer:
    """What the model says of each row."""
    if any(len(row) != FEATURES for row in question.rows):
        raise HTTPException(422, f"a row has {FEATURES} features")
    rows = np.asarray(question.rows, np.float32)
    return Answer(predictions=model.predict(rows).tolist())
