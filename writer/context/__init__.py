"""What the model may read at the cursor, chosen as text; knows no tokenizer, no Qt, no torch."""
