"""SGD seen as a line search (dissertation, chapter 5; Mutschler & Zell 2021)."""
