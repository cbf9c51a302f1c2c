"""The settings and their defaults, and the values that follow from them."""

from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from authorizer.domain.accounts.categories import CASH, DEFAULT_WALLET_BY_MCC
from authorizer.domain.accounts.mcc_ranges import MccRange, parse_ranges
from authorizer.domain.accounts.policy import HoldHours
from authorizer.domain.accounts.room import Room
from authorizer.domain.money import MAX_BALANCE_CENTS
from authorizer.settings.care import CareTimes
from authorizer.settings.kinds import (
    FIRST_RESPONSE_MINUTES,
    HOLD_HOURS,
    NEXT_RESPONSE_MINUTES,
    NONE,
    OTHER,
    RESOLUTION_MINUTES,
    ClosedDays,
    FallbackOf,
    FirstResponse,
    HoldHoursByMcc,
    Holidays,
    Host,
    Hours,
    JournalSync,
    NextResponse,
    PercentByMcc,
    ResolutionTime,
    TimeZone,
    Wallet,
    WalletByMcc,
    WalletByProduct,
    Weekdays,
)
from authorizer.settings.retention import IdTimes
from authorizer.settings.sources import Environment, Preset
from authorizer.settings.wallets import check_that_an_mcc_names, or_none


class Settings(CareTimes, IdTimes, BaseSettings):
    """The settings. Each has a flag, an environment variable and a key in the TOML file."""

    model_config = SettingsConfigDict(
        env_prefix="AUTHORIZER_", extra="forbid", frozen=True, env_nested_delimiter=None
    )

    data: Path = Field(Path("data"), description="The folder that holds all state.")
    personal_keys: Path | None = Field(
        None, description="The folder of the keys of personal data; by default DATA/keys."
    )
    archived: str | None = Field(None, description="The place old segments were archived to.")
    host: Host = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="The port to listen on; 0: a free one.")
    deadline_ms: int = Field(
        80,
        ge=0,
        description="Purchases are answered within this time, or declined when they come.",
    )
    id_retention_days: int = Field(
        360, ge=1, description="How long purchases are found, and repeated ids answered alike."
    )
    credit_id_retention_days: int = Field(
        31, ge=1, description="How long ids of credits are remembered, and repeats answered alike."
    )
    clock_jump_seconds: int = Field(
        60, ge=1, description="How far a wall clock that jumps is believed without confirmation."
    )
    clock_gap_hours: int = Field(
        72, ge=1, description="How far a start believes a wall clock that is ahead of the journal."
    )
    max_remembered_ids: int = Field(
        262_144, ge=1, description="How many credits one account may have in that time."
    )
    purchases_in_memory: int = Field(
        4096, ge=1, description="Closed purchases of an account that stay in memory; others leave."
    )
    closed_in_memory_hours: float = Field(
        24, gt=0, description="How long after its last change a closed purchase stays in memory."
    )
    keep_alive_seconds: int = Field(
        75,
        ge=1,
        le=86_400,
        description="A connection that was quiet for so long is closed; proxies must close first.",
    )
    max_in_flight: int = Field(
        20_000, ge=1, description="Requests that may be under way at once, in all."
    )
    max_inbox: int = Field(
        10_000, ge=1, description="Requests that may wait for one account or customer."
    )
    max_resident_accounts: int = Field(
        131_072, ge=1, description="Accounts that are awake as actors; the others sleep as bytes."
    )
    segment_mib: int = Field(64, ge=1, description="Past this size a new segment is begun.")
    journal_sync: JournalSync = Field("auto", description="Who waits for the journal's disk.")
    snapshot_mib: int = Field(
        256, ge=1, description="A snapshot is taken after so much was journaled."
    )
    snapshot_minutes: float = Field(
        60, gt=0, description="A snapshot is taken after so long, if anything was journaled."
    )
    snapshots_kept: int = Field(
        3, ge=1, description="Snapshots that are kept; the journal is always kept whole."
    )
    disk_reserve_mib: int = Field(128, ge=0, description="With less free disk nothing is changed.")
    end_on_damage: bool = Field(True, description="Whether damage in old segments ends the server.")
    rate_limit_per_second: int = Field(
        200,
        ge=0,
        le=1_000_000,
        description="Requests a second that one API key may make, transactions apart; 0: any.",
    )
    rate_limit_burst: int = Field(
        1_000, ge=1, le=1_000_000, description="Requests that one API key may make at once."
    )
    search_hits_per_minute: int = Field(
        600,
        ge=0,
        le=1_000_000,
        description="Searches a minute that find customers, by one API key; 0: any.",
    )
    masked_searches_per_hour: int = Field(
        60,
        ge=0,
        le=1_000_000,
        description="Searches an hour by what their API key sees masked; 0: any.",
    )
    attendant_limit_ceiling_cents: int = Field(
        2_000_000,
        ge=0,
        le=MAX_BALANCE_CENTS,
        description="The highest credit limit that an attendant sets without a supervisor.",
    )
    wallet_by_mcc: WalletByMcc = Field(
        dict(DEFAULT_WALLET_BY_MCC), description="L1: the wallet that each MCC names."
    )
    fallback_wallet: Wallet = Field(
        CASH, min_length=1, description="The wallet of every other MCC, and the fallback (L2)."
    )
    fallback_of: FallbackOf = Field(
        {}, description="L2 by wallet: the one that pays instead, or none; others as above."
    )
    wallet_by_product: WalletByProduct = Field(
        {}, description="The wallet that alone pays for a product, at its own MCCs, or none."
    )
    preset: Literal["none", "pat-br"] = Field(
        "none", description="Wallets, fallbacks and products at once; own members win over it."
    )
    hold_hours: HoldHoursByMcc = Field(
        dict(HOLD_HOURS), description="How long a hold runs, by MCCs and ranges of them."
    )
    over_capture_percent: PercentByMcc = Field(
        {}, description="By MCCs and ranges: how much more than is held may be captured."
    )
    late_capture_days: int = Field(
        7, ge=0, le=360, description="How long what was let go may be captured; 0: not at all."
    )
    sla_first_response_minutes: FirstResponse = Field(
        FIRST_RESPONSE_MINUTES,
        description="SLA: by when a ticket of each priority is answered; others as by default.",
    )
    sla_resolution_minutes: ResolutionTime = Field(
        RESOLUTION_MINUTES,
        description="SLA: by when a ticket of each priority is resolved; others as by default.",
    )
    sla_next_response_minutes: NextResponse = Field(
        NEXT_RESPONSE_MINUTES,
        description="SLA: by when a customer who writes again is answered; others as by default.",
    )
    sla_time: Literal["calendar", "business"] = Field(
        "calendar", description="SLA: whether deadlines pass by the clock or in business hours."
    )
    escalation_warning_percent: int = Field(
        0, ge=0, le=99, description="How much of its time has passed when a ticket warns; 0: never."
    )
    reports: bool = Field(
        True, description="Whether statements, histories, lists and reports are to be had."
    )
    reports_url: str | None = Field(
        None, description="Their database, an SQLAlchemy URL; by default SQLite in the data folder."
    )
    reports_wait_ms: int = Field(
        3000, ge=1, description="How long a report waits for its tables to catch up."
    )
    time_zone: TimeZone = Field(
        "America/Sao_Paulo",
        description="The IANA time zone of the days of reports and lists, and of business hours.",
    )
    business_hours: Hours = Field(
        "08:00-18:00", description="When the desk works, in local time; 08:00-12:00,13:00-18:00."
    )
    business_days: Weekdays = Field(
        "mon-fri", description="The weekdays on which it works: mon-fri, or mon,wed,sat."
    )
    business_holidays: Holidays = Field(
        NONE, description="Whose holidays it keeps: BR, BR-SP or BR-SP+optional, or none."
    )
    business_closed_days: ClosedDays = Field(
        "", description="Days of its own on which it is closed: 2026-12-24, or 12-24 each year."
    )
    business_time_zone: str | None = Field(
        None, description="The old name of time_zone, which is taken still."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="Log lines as JSON, for people, or as suits standard error."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least level that is logged."
    )

    @property
    def room(self) -> Room:
        """How much of closed purchases stays in memory."""
        return Room(self.purchases_in_memory, round(self.closed_in_memory_hours * 3600))

    @property
    def fallbacks(self) -> dict[str, str | None]:
        """By wallet, the one that is asked next; None for no other."""
        return {wallet: or_none(other) for wallet, other in self.fallback_of.items()}

    @property
    def wallets_of_products(self) -> dict[str, str | None]:
        """By product, the wallet that alone pays; None where none does."""
        return {product: or_none(wallet) for product, wallet in self.wallet_by_product.items()}

    @property
    def hold_times(self) -> HoldHours:
        """How long holds run."""
        ranges = {codes: hours for codes, hours in self.hold_hours.items() if codes != OTHER}
        return HoldHours(self.hold_hours[OTHER], parse_ranges(ranges))

    @property
    def over_captures(self) -> tuple[MccRange, ...]:
        """By MCC, how much more may be captured, in percent."""
        return parse_ranges(self.over_capture_percent)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host == "localhost" or ip_address(self.host).is_loopback

    @field_validator("fallback_of")
    @classmethod
    def _falls_back_from_a_wallet(cls, given: FallbackOf, others: ValidationInfo) -> FallbackOf:
        for wallet in given:
            check_that_an_mcc_names(wallet, others)
        return given

    @field_validator("wallet_by_product")
    @classmethod
    def _pays_somewhere(cls, given: WalletByProduct, others: ValidationInfo) -> WalletByProduct:
        for wallet in given.values():
            if wallet != NONE:
                check_that_an_mcc_names(wallet, others)
        return given

    @model_validator(mode="before")
    @classmethod
    def _take_old_name(cls, given: dict[str, Any]) -> dict[str, Any]:
        old = given.get("business_time_zone")
        if old is None:
            return given
        if given.get("time_zone", old) != old:
            raise ValueError("time_zone and business_time_zone, its old name, say different things")
        return given | {"time_zone": old}

    @override
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = cls.model_config.get("toml_file")
        toml = (TomlConfigSettingsSource(settings_cls, file),) if file else ()
        return (init_settings, Environment(settings_cls), *toml, Preset(settings_cls))
