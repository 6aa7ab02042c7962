"""The words of the fictional world: areas of accounting, names of companies, people and places.

Everything here is invented for the demo. A likeness to a real company or person is chance.
"""

AREAS: dict[str, tuple[str, ...]] = {
    "Leasing": (
        "low-value leases", "short leases", "vehicle leases", "warehouse leases",
        "lease changes", "lease deposits", "sublet floors", "renewal options",
        "variable rents", "rent holidays", "leased machines", "restoration costs",
        "sale and leaseback deals", "leased roofs", "office moves",
    ),
    "Goodwill": (
        "impairment tests", "cash units", "trigger events", "brand names",
        "customer lists", "growth estimates", "earn-out payments", "purchase prices",
        "step acquisitions", "minority stakes", "closing accounts", "fair value reports",
        "bargain purchases", "shared patents", "disposal groups",
    ),
    "Inventory": (
        "slow goods", "cycle counts", "spare parts", "goods in transit",
        "scrap sales", "consignment goods", "standard costs", "price variances",
        "packing materials", "returned goods", "stock write-downs", "sample goods",
        "seasonal goods", "rented pallets", "customs stores",
    ),
    "Revenue": (
        "volume rebates", "service contracts", "milestone bills", "right of return claims",
        "licence fees", "contract changes", "customer deposits", "sales commissions",
        "gift cards", "repair promises", "bundle sales", "late penalties",
        "loyalty points", "trial orders", "agency sales",
    ),
    "Income_Tax": (
        "loss carry-forwards", "deferred taxes", "tax refunds", "transfer prices",
        "withholding taxes", "uncertain positions", "tax audits", "group relief claims",
        "research credits", "advance rulings", "interest limits", "branch profits",
        "exit taxes", "land taxes", "tax calendars",
    ),
    "Credit_Losses": (
        "overdue invoices", "loss rates", "write-offs", "payment plans",
        "credit limits", "guarantees received", "watch list clients", "debt sales",
        "recovered claims", "country risks", "bank balances", "trade bills",
        "disputed invoices", "factoring deals", "credit scores",
    ),
    "Payroll": (
        "overtime hours", "bonus plans", "holiday balances", "expense claims",
        "sick pay cases", "shift premiums", "relocation grants", "pension shares",
        "meal vouchers", "travel advances", "training costs", "severance plans",
        "company phones", "parking permits", "jubilee gifts",
    ),
    "Treasury": (
        "currency hedges", "bank loans", "cash pools", "letters of credit",
        "interest swaps", "money transfers", "bank fees", "bond issues",
        "loan covenants", "petty cash boxes", "signature cards", "cheque books",
        "term deposits", "credit lines", "metal hedges",
    ),
    "Property": (
        "tools and moulds", "building repairs", "land purchases", "spare machines",
        "asset disposals", "idle assets", "asset labels", "software projects",
        "borrowing costs", "residual values", "component lists", "site surveys",
        "solar panels", "delivery vans", "fire doors",
    ),
    "Purchasing": (
        "supplier bonuses", "rush orders", "framework contracts", "price lists",
        "supplier audits", "order changes", "delivery notes", "import duties",
        "advance payments", "quality claims", "purchase cards", "tender files",
        "freight costs", "supplier loans", "energy contracts",
    ),
}  # fmt: skip

SAMPLE_TOPICS: tuple[tuple[str, str], ...] = (
    ("Marlow", "Leasing"),
    ("Ostrava", "Goodwill"),
    ("Kestrel", "Inventory"),
    ("Tamsin", "Revenue"),
    ("Dunmore", "Income_Tax"),
    ("Velaro", "Credit_Losses"),
)

COMPANY_STARTS: tuple[str, ...] = (
    "Bren", "Cal", "Dor", "Elm", "Fen", "Gar", "Hol", "Ing", "Jas", "Kil", "Lor", "Mer",
    "Nor", "Orl", "Pel", "Quin", "Ros", "Sel", "Tor", "Ull", "Ver", "Wes", "Yar", "Zan",
    "Ost", "Mar", "Tam", "Dun", "Vel", "Kes",
)  # fmt: skip
COMPANY_ENDS: tuple[str, ...] = (
    "field", "ora", "ton", "wick", "berg", "ano", "mond", "stead", "aro", "ley", "gate", "ine",
    "sin", "mere", "trel", "via", "low", "holm",
)  # fmt: skip
FIRST_NAMES: tuple[str, ...] = (
    "Ada", "Boris", "Clara", "Dario", "Edith", "Felix", "Greta", "Hugo", "Ines", "Jonas",
    "Karin", "Lukas", "Maya", "Nils", "Olga", "Pavel", "Rosa", "Simon", "Tessa", "Viktor",
)  # fmt: skip
LAST_NAMES: tuple[str, ...] = (
    "Aldous", "Brandt", "Calder", "Dietz", "Ekman", "Farkas", "Grieve", "Holub", "Ivers",
    "Janda", "Kovar", "Lindt", "Morava", "Novak", "Oakes", "Prior", "Quist", "Renner",
    "Sand", "Tallis",
)  # fmt: skip
PANEL_NAMES: tuple[str, ...] = (
    "Amber", "Birch", "Cedar", "Delta", "Ember", "Falcon", "Granite", "Harbour", "Ivory",
    "Juniper", "Lantern", "Maple", "North", "Opal", "Pine", "Quartz", "River", "Silver",
    "Tower", "Willow",
)  # fmt: skip
PANEL_ENDS: tuple[str, ...] = ("Panel", "Board", "Council")
TOWN_STARTS: tuple[str, ...] = (
    "Ash", "Brook", "Cliff", "Deer", "East", "Fox", "Green", "High", "King", "Lake",
    "Mill", "Oak", "Red", "Stone", "West", "White",
)  # fmt: skip
TOWN_ENDS: tuple[str, ...] = ("bury", "combe", "dale", "ford", "ham", "mouth", "port", "wood")
SYSTEM_NAMES: tuple[str, ...] = (
    "Atlas", "Beacon", "Comet", "Dynamo", "Echo", "Fresco", "Galaxy", "Helix", "Iris",
    "Jupiter", "Krypton", "Lotus", "Mosaic", "Nova", "Orbit", "Prism", "Radar", "Saturn",
    "Tempo", "Vector",
)  # fmt: skip
SYSTEM_ENDS: tuple[str, ...] = ("Ledger", "Desk", "Base")
MONTHS: tuple[str, ...] = (
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December",
)  # fmt: skip
