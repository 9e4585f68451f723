"""Shrink drawn figures to README size: ``python scripts/gallery.py`` after ``make figures``."""

from pathlib import Path

from PIL import Image

FIGURES = Path(__file__).parent.parent / "figures"
WIDTH = 1000

if __name__ == "__main__":
    for source in sorted((FIGURES / "out").glob("F*.png")):
        picture = Image.open(source).convert("RGB")
        height = round(picture.height * WIDTH / picture.width)
        small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS).quantize(
            256, method=Image.Quantize.FASTOCTREE
        )
        target = FIGURES / "gallery" / source.name
        target.parent.mkdir(exist_ok=True)
        small.save(target, optimize=True)
        print(target, target.stat().st_size)
