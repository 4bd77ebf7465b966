"""Claims of wishes and permits as a test needs them."""

from devices.claims import PermitClaims, WishClaims

LATER = 4_000_000_000


def wish_claims(jti: str, cell: int = 1, exp: int = LATER) -> WishClaims:
    """A wish to open a cell."""
    return WishClaims(
        iss="huishan",
        aud="locker-a",
        jti=jti,
        iat=0,
        exp=exp,
        actor="person-1",
        reason="handout",
        device="wall-a",
        type="open_cell",
        body={"cell": cell},
    )


def permit_claims(jti: str, cell: int = 1, exp: int = LATER) -> PermitClaims:
    """A permit for a cell."""
    return PermitClaims(iss="huishan", aud="locker-a", jti=jti, exp=exp, at=f"wall-a/{cell}")
