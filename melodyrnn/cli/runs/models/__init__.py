"""What the commands about models and corpora do: train, evaluate, critic, memory, corpus."""
