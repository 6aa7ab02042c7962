"""What requests look like: OpenAI's fields, llama.cpp's extra ones, and Lamina's `lora`.

A field that would change the answer but is not supported is refused, never ignored.
"""
