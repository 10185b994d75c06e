"""From text to a trained model folder: corpus, token shard, optimizer, loop, evaluation."""
