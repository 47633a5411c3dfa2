"""Owns money: what is bought, how much may be, and when a vendor may be asked; hides SQL.

purchases  from the reservation to the outcome
caps       what may not be exceeded, and how it stands
endings    what was left open by those who will not come back
turns      limits of vendors over all processes, and the circuit breaker
"""
