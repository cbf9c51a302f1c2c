"""What can be repaired honestly: nothing goes without being named and kept, nothing is made up."""
