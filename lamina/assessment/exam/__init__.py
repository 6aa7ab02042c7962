"""What is asked: questions by topic, subjects, wrong answers beside right ones, items by lot."""
