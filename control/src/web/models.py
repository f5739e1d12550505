"""What the API says of logins and of the audit."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Credentials(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"secret": "YOUR-SECRET"}]})

    secret: str = Field(
        min_length=1, max_length=500, description="a secret, or what stands behind # in a login link"
    )


class LinkWanted(BaseModel):
    """For whom a login link is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "read"}]})

    role: Literal["write", "read"] = Field(default="write", description="read: it changes nothing")


class LoginLink(BaseModel):
    token: str = Field(description="logs in once: /login#TOKEN")


class HeldLogin(BaseModel):
    """A browser that is logged in."""

    id: str
    name: str = Field(description="as the audit calls it")
    role: Literal["write", "read"]
    since: float
    seen_at: float = Field(description="when it has last asked for something")
    own: bool = Field(description="the one that asks")


class HeldLogins(BaseModel):
    logins: list[HeldLogin]


class Identity(BaseModel):
    """Who is logged in."""

    role: Literal["write", "read"]
    name: str
    user: str
    host: str
    home: str
    version: str


class AuditEntry(BaseModel):
    id: int
    at: float
    login: str
    address: str = Field(
        description='of the sender; "unix": the Unix socket; "": the console itself, by autostart'
    )
    method: str
    path: str
    what: str
    status: int


class AuditLog(BaseModel):
    entries: list[AuditEntry]
