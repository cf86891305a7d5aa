"""The chain that the model-based test plays: two sellers, three terminals and three shops."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import Option, Product, Shop, SourceName, Terminal
from tests.factories import (
    OptionFactory,
    OptionGroupFactory,
    ProductFactory,
    SellerFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.sandbox_process import SandboxProcess

BY_OPERATOR = ChangeSource(SourceName.OPERATOR)
PUBLISHED_PASSWORD = "12345678"  # of the sandbox's own terminal
SECOND_RESELLER = "second_reseller"
COFFEE = Decimal("9.95")
AGE = timedelta(days=30)  # of the terminals, so that a replaced one can be retired


@dataclass(frozen=True)
class ChainShop:
    """A shop with its two products; a coffee is ordered with oat milk."""

    shop: Shop
    bun: Product
    coffee: Product
    oat_milk: Option

    @property
    def slug(self) -> str:
        """The first part of its addresses."""
        return self.shop.slug

    @property
    def code(self) -> str:
        """The address in its QR code."""
        return f"HTTP://SEQR.SE/000/{self.shop.service_id}?TABLE=4"


@dataclass
class Chain:
    """The shops and terminals, as they are at first, and SEQR's passwords.

    The first seller has one shop and two terminals, of which the second is unused at first. The two
    shops of the second seller share the third terminal. `passwords` has the password that SEQR
    accepts, by the terminal's ID there.
    """

    shops: list[ChainShop]
    terminals: list[Terminal]
    passwords: dict[str, str] = field(default_factory=dict)

    def shop_at(self, slug: str) -> ChainShop:
        """Return the shop of this address."""
        (found,) = (each for each in self.shops if each.slug == slug)
        return found

    def refused(self) -> list[Terminal]:
        """Return the terminals whose stored password SEQR refuses. Retired ones have none."""
        current = Terminal.objects.filter(retired_at=None).order_by("pk")
        return [each for each in current if each.password != self.passwords[each.principal_id]]

    def change_password_at_seqr(
        self, sandbox: SandboxProcess, terminal: Terminal, password: str
    ) -> None:
        """Let SEQR accept this password of a terminal from now on, and no other one."""
        sandbox.change_terminal_password(terminal.principal_id, password)
        self.passwords[terminal.principal_id] = password


def open_chain(sandbox: SandboxProcess) -> Chain:
    """Add the sellers, terminals and shops to the database and to the sandbox."""
    first = SellerFactory.create()
    second = SellerFactory.create(
        legal_name="Udden Glass AB",
        organisation_number="556677-9904",
        reseller_id=SECOND_RESELLER,
        reseller_password="5678",
    )
    sandbox.add_reseller(SECOND_RESELLER, second.reseller_user_id, second.reseller_password)
    chain = Chain([], [])
    for principal_id, seller, password in (
        ("public_test_shop_terminal", first, PUBLISHED_PASSWORD),
        ("first_seller_web_2", first, "second"),
        ("second_seller_web", second, "third"),
    ):
        terminal = TerminalFactory.create(
            seller=seller,
            principal_id=principal_id,
            label=principal_id,
            password=password,
            added_at=database_now() - AGE,
        )
        chain.terminals.append(terminal)
        chain.passwords[principal_id] = password
        if password != PUBLISHED_PASSWORD:
            sandbox.add_terminal(principal_id, password, reseller_id=seller.reseller_id)
    for slug, terminal in zip(
        ("lyktan", "udden", "kajen"), (chain.terminals[0], *2 * chain.terminals[2:]), strict=True
    ):
        service_id = slug.upper()
        shop = ShopFactory.create(
            name=f"Kafé {slug.title()}",
            slug=slug,
            service_id=service_id,
            terminal=terminal,
            tip_percentages=[5],
        )
        coffee = ProductFactory.create(shop=shop, name_sv="Kaffe", name_en="Coffee", price=COFFEE)
        milk = OptionGroupFactory.create(shop=shop, products=[coffee])
        oat_milk = OptionFactory.create(group=milk)
        chain.shops.append(ChainShop(shop, ProductFactory.create(shop=shop), coffee, oat_milk))
        sandbox.register_shop(service_id, f"http://testserver/{slug}")
    return chain


def ids_of(terminals: Collection[Terminal]) -> set[int]:
    """Return the primary keys of terminals."""
    return {each.pk for each in terminals}
