"""Owns money: what is bought, how much may be, and when a vendor may be asked; hides SQL.

purchases  from the reservation to the outcome
caps       what may not be exceeded, and how it stands
turns      limits of vendors over all processes, and the circuit breaker
"""
