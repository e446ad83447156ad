"""Takes trained generators out of Keras: files for other runtimes, and a card that describes them."""
