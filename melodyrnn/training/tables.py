"""Tables looked up by many rows at once, with gradients that cost little.

`nn.Embedding`'s gradient walks row by row; the two shapes we need have faster ones:
    Views       a few views per position summed to one vector: torch's embedding_bag.
    Scores      one or two numbers for each pair of positions, millions of look-ups in a small table: bincount.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Views(nn.Module):
    """Several integer views, each with its own table, summed to one vector."""

    starts: Tensor
    sizes: Tensor

    def __init__(self, sizes: dict[str, int], width: int) -> None:
        super().__init__()
        starts = torch.tensor([0, *list(sizes.values())[:-1]]).cumsum(0)
        self.register_buffer("starts", starts, persistent=False)
        self.register_buffer("sizes", torch.tensor(list(sizes.values())), persistent=False)
        self.weight = nn.Parameter(torch.randn(sum(sizes.values()), width) * 0.1)

    def forward(self, rows: Tensor, keep: Tensor | None = None) -> Tensor:
        """Rows (B, P, views) → (B, P, width); `keep` (B, 1, views) scales each view, 0 leaves it out.

        A row that a view's table does not have is NONE, row 0.
        """
        flat = (rows * (rows < self.sizes) + self.starts).flatten(0, 1)
        scale = None if keep is None else keep.expand(rows.shape).flatten(0, 1)
        summed = functional.embedding_bag(flat, self.weight, mode="sum", per_sample_weights=scale)
        return summed.view(*rows.shape[:2], -1)


class _Lookup(torch.autograd.Function):
    """weight[rows] for a narrow weight (V, width) and many rows."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, rows: Tensor) -> Tensor:
        """Gather."""
        ctx.save_for_backward(rows)
        ctx.size = weight.shape[0]
        return weight[rows]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None]:
        """Count each row's gradients together."""
        (rows,) = ctx.saved_tensors
        rows, grad = rows.flatten(), grads[0].reshape(rows.numel(), -1)
        columns = [torch.bincount(rows, weights=grad[:, k], minlength=ctx.size) for k in range(grad.shape[1])]
        return torch.stack(columns, 1).to(grad.dtype), None


class Scores(nn.Module):
    """A few numbers for every row of a small table."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, width))

    def forward(self, rows: Tensor) -> Tensor:
        """Rows of any shape → (..., width)."""
        found: Tensor = _Lookup.apply(self.weight, rows)  # type: ignore[no-untyped-call]
        return found
