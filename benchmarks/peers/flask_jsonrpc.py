"""flask-jsonrpc with the service of `benchmarks.answer_apps`; it takes nested types as pydantic models.

Its annotations are not postponed: flask-jsonrpc does not evaluate them.
"""

from flask import Flask
from flask_jsonrpc.app import JSONRPC
from pydantic import BaseModel


class Item(BaseModel):
    sku: str
    quantity: int
    price: float


class Order(BaseModel):
    customer: str
    currency: str
    items: list[Item]


class Line(BaseModel):
    sku: str
    amount: float


class Quote(BaseModel):
    customer: str
    currency: str
    total: float
    lines: list[Line]


def echo(text: str) -> str:
    return text


def quote(order: Order) -> Quote:
    lines = [Line(sku=item.sku, amount=item.quantity * item.price) for item in order.items]
    total = sum([line.amount for line in lines])
    return Quote(customer=order.customer, currency=order.currency, total=total, lines=lines)


def make() -> Flask:
    """The application."""
    app = Flask("flask_jsonrpc_service")
    rpc = JSONRPC(app, "/rpc")
    rpc.method("echo")(echo)
    rpc.method("quote")(quote)
    return app
