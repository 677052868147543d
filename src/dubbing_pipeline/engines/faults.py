"""Says in few words what is wrong with data from outside."""

from pydantic import ValidationError


def first_fault(error: ValidationError) -> str:
    """Name the first place at which an answer is not as it must be."""
    fault = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else fault["msg"]
