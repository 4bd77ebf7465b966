"""What office machines say of paper, toner and themselves."""
