"""What people see, asked as a person or a program would ask."""
