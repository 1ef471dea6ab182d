"""What is no digit and never was written: silhouettes, as of clothes, and textures."""

import cv2
import numpy as np

from digitlib.data.pen import PAGE, trace_shape

FINE = 28  # pixels along each side of a texture: as fine as a network sees
LEAST_SIDE = 70  # pixels of the page that a silhouette takes at least, on its longer side

# Outlines, each with its width for a height of 1, in the notation of ``digitlib.data.pen.SHAPES``.
OUTLINES: tuple[tuple[float, str], ...] = (
    # shirts and coats, short sleeves and long
    (1, "35,0 50,8 65,0! 100,25! 85,42! 74,32! 76,100! 24,100! 26,32! 15,42! 0,25! 35,0"),
    (1, "35,0 50,6 65,0! 84,12 92,50 100,95! 84,98! 74,35! 74,100! 26,100! 26,35! 16,98! 0,95! "
        "8,50 16,12 35,0"),
    (0.8, "30,0 50,10 70,0! 78,30! 75,100! 25,100! 22,30! 30,0"),
    (0.9, "38,0 62,0! 90,12 100,90! 82,92! 76,40! 78,100! 22,100! 24,40! 18,92! 0,90! 10,12 38,0"),
    # trousers, skirts and dresses
    (0.5, "10,0 90,0! 100,100! 65,100! 50,25! 35,100! 0,100! 10,0"),
    (0.6, "10,0 90,0! 100,100! 56,100! 50,60! 44,100! 0,100! 10,0"),
    (0.7, "25,0 75,0! 100,100 50,104 0,100! 25,0"),
    (0.6, "25,0 40,12 60,12 75,0! 72,35! 100,100 50,104 0,100! 28,35! 25,0"),
    (0.4, "20,0 80,0! 75,40! 90,100! 10,100! 25,40! 20,0"),
    # shoes and boots
    (2.2, "0,30 20,0 35,10! 60,40 90,55 100,80 100,100! 0,100! 0,30"),
    (2, "0,10 22,5! 30,45 65,40 100,85! 95,100! 40,85 20,100! 0,100! 0,10"),
    (1, "0,0 45,0! 48,55 80,65 100,85! 98,100! 0,100! 0,0"),
    (0.9, "5,0 50,0! 46,60 85,72 100,92! 60,96 30,88! 22,100! 8,100! 5,0"),
    (2.4, "0,60 10,20 45,0! 55,55 100,75! 98,100! 0,100! 0,60"),
    # bags, hats, and what else is one piece
    (1.2, "5,35 95,35! 100,100! 0,100! 5,35"),
    (1.1, "0,40 25,38! 30,5 50,0 70,5 75,38! 100,40! 95,100! 5,100! 0,40"),
    (1.6, "0,80 25,75! 30,10 50,0 70,10 75,75! 100,80 50,100 0,80"),
    (1, "0,0 100,0! 100,100! 0,100! 0,0"),
    (1, "50,0 100,50 50,100 0,50 50,0"),
    (1, "50,0 100,100! 0,100! 50,0"),
    (1, "0,30 30,0 60,15 100,20 90,60 70,100 40,85 5,80 0,30"),
    # discs, eggs and beans: a 0 or an 8 is never filled
    (1, "50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,15 50,0"),
    (0.7, "50,0 11,18 0,50 11,82 50,100 89,82 100,50 89,18 50,0"),
    (0.8, "50,0 18,22 0,65 20,92 50,100 80,92 100,65 82,22 50,0"),
    (0.7, "45,0 5,15 0,45 25,55 10,75 30,98 70,98 100,60 90,15 45,0"),
)  # fmt: skip


def make_solid(chance: np.random.Generator) -> np.ndarray:
    """Make a silhouette or a texture.

    Args:
        chance: where chance comes from; the same gives the same.

    Returns:
        uint8 (112, 112), 0 is ground and 255 is full, all greys between.
    """
    if chance.random() < 0.35:
        solid = _enlarge(weave_texture(chance))
    else:
        solid = cut_silhouette(chance) * _dye(chance)
    return np.round(255 * solid).astype(np.uint8)


def cut_silhouette(chance: np.random.Generator) -> np.ndarray:
    """Return the silhouette of a garment or another thing, float32 (112, 112), 1 within."""
    width, outline = OUTLINES[chance.integers(len(OUTLINES))]
    (path,) = trace_shape(outline, width, chance)
    if chance.random() < 0.5:
        path = path * (-1, 1)
    low, high = path.min(axis=0), path.max(axis=0)
    scale = chance.uniform(LEAST_SIDE, PAGE) / (high - low).max()
    placed = np.round(16 * ((path - (low + high) / 2) * scale + PAGE / 2)).astype(np.int32)
    mask = np.zeros((PAGE, PAGE), np.uint8)
    cv2.fillPoly(mask, [placed], 255, cv2.LINE_AA, shift=4)
    return mask / np.float32(255)


def weave_texture(chance: np.random.Generator) -> np.ndarray:
    """Return a texture, float32 (28, 28) from 0 to 1: noise, blots, stripes or checks."""
    return TEXTURES[chance.integers(len(TEXTURES))](chance).astype(np.float32)


def _noise(chance: np.random.Generator) -> np.ndarray:
    kind = chance.integers(3)
    if kind == 0:
        return np.clip(chance.normal(chance.uniform(0, 0.6), chance.uniform(0.2, 1), _SHAPE), 0, 1)
    if kind == 1:
        return chance.uniform(0, 1, _SHAPE) ** chance.uniform(0.5, 3)
    return (chance.random(_SHAPE) < chance.uniform(0.05, 0.7)).astype(float)


def _blocks(chance: np.random.Generator) -> np.ndarray:
    cells = chance.integers(3, 15)
    values = chance.uniform(0, 1, (cells, cells))
    if chance.random() < 0.3:
        values = np.round(values)
    return cv2.resize(values, _SHAPE, interpolation=cv2.INTER_NEAREST)


def _blots(chance: np.random.Generator) -> np.ndarray:
    soft = cv2.GaussianBlur(chance.normal(0, 1, _SHAPE), (0, 0), chance.uniform(0.7, 4))
    soft = (soft - soft.min()) / (np.ptp(soft) + 1e-6)
    return soft if chance.random() < 0.5 else (soft > chance.uniform(0.4, 0.7)).astype(float)


def _stripes(chance: np.random.Generator) -> np.ndarray:
    wave = _wave(chance)
    if chance.random() < 0.3:
        wave = wave * _wave(chance)
    return wave if chance.random() < 0.5 else (wave > chance.uniform(0.3, 0.7)).astype(float)


def _wave(chance: np.random.Generator) -> np.ndarray:
    angle, length = chance.uniform(0, np.pi), chance.uniform(2, 16)
    rows, columns = np.mgrid[:FINE, :FINE]
    way = np.cos(angle) * columns + np.sin(angle) * rows
    return 0.5 + 0.5 * np.sin(2 * np.pi * way / length + chance.uniform(0, 2 * np.pi))


def _checks(chance: np.random.Generator) -> np.ndarray:
    size, (down, across) = chance.integers(1, 8), chance.integers(0, 8, 2)
    rows, columns = np.mgrid[:FINE, :FINE]
    return (((rows + down) // size + (columns + across) // size) % 2).astype(float)


_SHAPE = (FINE, FINE)
TEXTURES = (_noise, _blocks, _blots, _stripes, _checks)


def _dye(chance: np.random.Generator) -> np.ndarray:
    """Return the cloth of a silhouette: one tone, uneven, or a texture, (112, 112)."""
    tone, contrast = chance.uniform(0.3, 1), chance.uniform(0, 0.8)
    pattern = _enlarge((_blots if chance.random() < 0.5 else weave_texture)(chance))
    return np.clip(tone * (1 - contrast * pattern), 0, 1).astype(np.float32)


def _enlarge(texture: np.ndarray) -> np.ndarray:
    return np.kron(texture, np.ones((PAGE // FINE, PAGE // FINE), np.float32))
