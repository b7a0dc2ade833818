"""What is declared, stored and planned: pure data and rules."""
