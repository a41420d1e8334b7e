"""The model that tells stories, and how fast it does."""

import torch
from pace import Pace
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.generation.streamers import BaseStreamer

MOST_TOKENS = 48


class _Ticker(BaseStreamer):
    """Tells a Pace of each token; the first that it is given is the question."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._is_question = True

    def put(self, value: torch.Tensor) -> None:
        if not self._is_question:
            self._pace.token()
        self._is_question = False

    def end(self) -> None:
        pass


class Teller:
    """The model, loaded."""

    def __init__(self, folder: str) -> None:
        self._words = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)

    def tell(self, begin: str) -> tuple[str, Pace]:
        """How a story that begins so goes on, and how fast that came."""
        question = self._words(begin, return_tensors="pt")
        pace = Pace()
        with torch.inference_mode():
            answer = self._model.generate(
                input_ids=question["input_ids"],
                attention_mask=question["attention_mask"],
                max_new_tokens=MOST_TOKENS,
                min_new_tokens=MOST_TOKENS,
                do_sample=False,
                pad_token_id=self._words.eos_token_id,
                streamer=_Ticker(pace),
            )
        told = answer[0][question["input_ids"].shape[1] :]
        return self._words.decode(told, skip_special_tokens=True), pace
