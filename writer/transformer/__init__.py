"""The networks. torch only: nothing here knows files, tokenizers or text."""
