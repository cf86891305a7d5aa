"""Operations: health, metrics and the reads behind them."""
