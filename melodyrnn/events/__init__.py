"""The tokenizer: melody to events to integers and back; what the network hears."""
