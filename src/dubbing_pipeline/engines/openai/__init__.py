"""Any OpenAI-compatible service: recognition, translation by chat, and speech."""
