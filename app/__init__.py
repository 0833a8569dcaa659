"""What a person sees: the Gradio app and the `refavs` command line."""
