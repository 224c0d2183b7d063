"""Does Hugging Face's peft, with the adapter, give the logits of the whole prompt?

    deltaw patch --model MODEL --context "..." --query "..." --out adapter --format peft --json > patch.json
    python examples/peft/check.py MODEL adapter patch.json

Needs torch, transformers and peft; the tests of this project do not run it. It runs the whole prompt through
the model, then the tokens that stay, at their original positions, with and without the adapter, and compares the
logits of the last one. Everything is computed in float64, so what is left is the rounding of the adapter's
file: about 1e-6 for F32, 1e-12 with --dtype f64.

A window of attention (Mistral, Qwen2) that is shorter than the prompt is counted in tokens by transformers, in
positions here; take a prompt that fits into it.
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

if len(sys.argv) != 4:
    sys.exit("usage: check.py MODEL ADAPTER PATCH.json")
model_folder, adapter_folder, result_file = sys.argv[1:]
with open(result_file, encoding="utf-8") as file:
    result = json.load(file)
ids, keep = result["ids"], result["keep"]

# float64 and plain attention: flash attention takes positions that leave some out for several texts.
options = {"torch_dtype": torch.float64, "attn_implementation": "eager"}
model = AutoModelForCausalLM.from_pretrained(model_folder, **options).eval()


def last_logits(network, positions):
    """The logits at the last of these positions of the prompt, which is read there only."""
    tokens = torch.tensor([[ids[t] for t in positions]])
    with torch.no_grad():
        output = network(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            position_ids=torch.tensor([list(positions)]),
            use_cache=False,
        )
    return output.logits[0, -1].double()


with_context = last_logits(model, range(len(ids)))
without = last_logits(model, keep)
adapted = PeftModel.from_pretrained(model, adapter_folder, autocast_adapter_dtype=False).double().eval()
patched = last_logits(adapted, keep)

difference = (patched - with_context).abs().max().item()
unpatched = (without - with_context).abs().max().item()
print(f"largest logit difference {difference:.3g}, without the adapter {unpatched:.3g}")
sys.exit(0 if difference <= 1e-4 * max(1.0, unpatched) else 1)
