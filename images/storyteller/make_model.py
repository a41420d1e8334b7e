"""Make a language model of about 110 million weights out of a seed: it has learnt nothing.

Usage: make_model.py FOLDER [TYPE]

Form and size are those of a small Llama; the weights are random, and so are its stories: it costs
what a trained model costs, and says nothing. A token is a byte. TYPE is float32 where nothing is
written, or bfloat16, which takes half the room on disk.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

SEED = 1
CONFIG = {
    "hidden_size": 768,
    "intermediate_size": 1984,
    "num_hidden_layers": 16,
    "num_attention_heads": 12,
    "num_key_value_heads": 12,
    "max_position_embeddings": 1024,
}
BEGIN, END = "<begin>", "<end>"


def tokenizer() -> PreTrainedTokenizerFast:
    """One token for each byte, and two that are none."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate([BEGIN, END, *alphabet])}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token=BEGIN, eos_token=END)


def try_out(folder: str) -> None:
    """Load what was saved, and let it say something: one that does not is no good in the image."""
    question = AutoTokenizer.from_pretrained(folder)("Once", return_tensors="pt")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.generate(input_ids=question["input_ids"], max_new_tokens=2)


def main(folder: str, kind: str = "float32") -> None:
    torch.manual_seed(SEED)
    words = tokenizer()
    config = LlamaConfig(
        vocab_size=len(words),
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        **CONFIG,
    )
    model = LlamaForCausalLM(config)
    print(f"{sum(one.numel() for one in model.parameters()) / 1e6:.1f} million weights")
    model.to(getattr(torch, kind)).save_pretrained(folder)
    words.save_pretrained(folder)
    for one in Path(folder).iterdir():
        one.chmod(0o644)  # weights are written for their owner alone, and the service is another
    try_out(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
