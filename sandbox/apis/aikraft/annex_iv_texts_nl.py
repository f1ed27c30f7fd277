"""Dutch words of the Annex IV document."""

from types import MappingProxyType

from sandbox.apis.aikraft.annex_iv_texts import BANNED, HIGH, LIGHT, LIMITED, MINIMAL, Passage, Wording

WORDING = Wording(
    tiers=MappingProxyType(
        {
            "unacceptable": "onaanvaardbaar risico",
            "high": "hoog risico",
            "limited": "beperkt risico",
            "minimal": "minimaal risico",
        }
    ),
    areas=(
        "biometrie",
        "kritieke infrastructuur",
        "onderwijs en beroepsopleiding",
        "werkgelegenheid en personeelsbeheer",
        "essentiële particuliere en openbare diensten",
        "rechtshandhaving",
        "migratie, asiel en grenstoezicht",
        "rechtsbedeling en democratische processen",
    ),
    point="bijlage III, punt {where} ({area})",
    excepted=(
        "{annex}, uitgezonderd op grond van artikel 6, lid 3, wat de aanbieder moet documenteren en registreren "
        "(artikel 6, lid 4)"
    ),
    outside="buiten bijlage III",
    none="geen",
    months=(
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ),
    day="{day} {month} {year}",
    separator="; ",
    first="1",
    obligations=MappingProxyType(
        {
            "Annex IV technical documentation required": "Technische documentatie volgens bijlage IV vereist",
            "Conformity assessment required before deployment": ("Conformiteitsbeoordeling vereist vóór ingebruikname"),
            "Registration in EU AI Act database required": (
                "Registratie in de EU-databank van de AI-verordening vereist"
            ),
            "Human oversight measures must be implemented": (
                "Maatregelen voor menselijk toezicht moeten worden ingevoerd"
            ),
            "System is prohibited and must not be placed on the EU market, put into service or used": (
                "Het systeem is verboden en mag in de EU niet in de handel worden gebracht, in gebruik worden "
                "gesteld of worden gebruikt"
            ),
            "Users must be informed that they are interacting with AI or with AI-generated content": (
                "Gebruikers moeten worden geïnformeerd dat zij te maken hebben met AI of met door AI gegenereerde "
                "inhoud"
            ),
        }
    ),
    titles=(
        "Algemene beschrijving",
        "Ontwerp en ontwikkeling",
        "Systeeminformatie",
        "Trainings- en validatiegegevens",
        "Prestatie-indicatoren",
        "Risicobeheer",
        "Toezichts- en beheersmaatregelen",
        "Plan voor monitoring na het in de handel brengen",
    ),
    passages=(
        (
            Passage(
                "{name} is een AI-systeem voor het volgende toepassingsgebied: {domain}. Het beoogde doel luidt: "
                "{purpose}",
            ),
            Passage("De aanbieder beschrijft het als volgt: {description}"),
            Passage(
                "Het is geregistreerd op {created} en geclassificeerd op {classified}. Risiconiveau: {tier}; plaats "
                "in de AI-verordening: {annex}.",
            ),
        ),
        (
            Passage("{name} is ontworpen voor het volgende doel: {purpose}"),
            Passage(
                "De aanbieder vult de trainingsmethode, de architectuur en de belangrijkste ontwerpkeuzes aan, "
                "telkens met motivering.",
            ),
            Passage(
                "Bijlage IV, punt 2, vraagt daarnaast om de aannames over de personen voor wie het systeem gevolgen "
                "heeft en om de afwegingen die zijn gemaakt.",
                HIGH,
            ),
            Passage(
                "Bij dit risiconiveau ({tier}) bepaalt de aanbieder zelf hoe uitgebreid deze gegevens zijn.",
                LIGHT,
            ),
        ),
        (
            Passage(
                "Dit onderdeel legt vast wat {name} nodig heeft om te werken en welke invoer en uitvoer zijn voorzien.",
            ),
            Passage("De invoer en uitvoer volgen uit de beschrijving: {description}"),
            Passage(
                "De gebruiksinstructies volgens artikel 13 moeten gebruiksverantwoordelijken in staat stellen de "
                "uitvoer te interpreteren en op passende wijze te gebruiken.",
                HIGH,
            ),
            Passage(
                "Hardware, software en koppelingen worden vermeld voor zover gebruikers en integrators daar baat bij "
                "hebben.",
                LIGHT,
            ),
        ),
        (
            Passage(
                "De gegevens waarop {name} berust, moeten worden beschreven naar herkomst, omvang, belangrijkste "
                "kenmerken en voorbewerking.",
            ),
            Passage(
                "Volgens artikel 10 moeten trainings-, validatie- en testgegevens relevant en voldoende "
                "representatief zijn en op mogelijke vertekening zijn onderzocht, met bijzondere aandacht voor het "
                "toepassingsgebied ({domain}).",
                HIGH,
            ),
            Passage(
                "Artikel 10 geldt niet voor dit risiconiveau ({tier}), maar een korte verklaring over "
                "gegevenskwaliteit en vertekening is een goede gewoonte.",
                LIGHT,
            ),
            Passage("Voor persoonsgegevens is een rechtsgrondslag volgens de AVG vereist."),
        ),
        (
            Passage("De prestaties van {name} worden afgemeten aan het doel: {purpose}"),
            Passage(
                "Artikel 15 vereist een passend niveau van nauwkeurigheid, robuustheid en cyberbeveiliging, dat in "
                "de gebruiksinstructies wordt vermeld; de resultaten worden uitgesplitst naar de groepen personen "
                "voor wie het systeem gevolgen heeft.",
                HIGH,
            ),
            Passage(
                "Voor dit risiconiveau ({tier}) zijn geen indicatoren voorgeschreven; de nauwkeurigheid op een "
                "representatieve testset is een redelijk minimum.",
                LIGHT,
            ),
            Passage(
                "Omdat de praktijk verboden is, kunnen metingen hooguit het besluit onderbouwen om het systeem terug "
                "te trekken; het gebruik ervan rechtvaardigen zij niet.",
                BANNED,
            ),
        ),
        (
            Passage(
                "De classificatie van {name} (risiconiveau: {tier}) berust op de volgende factoren, weergegeven in "
                "de bewoordingen van de classificatie: {factors}.",
            ),
            Passage(
                "Artikel 9 vereist een systeem voor risicobeheer gedurende de hele levenscyclus: bekende en "
                "voorzienbare risico’s voor gezondheid, veiligheid en grondrechten worden in kaart gebracht, beperkt "
                "en getest, en de restrisico’s moeten aanvaardbaar zijn. De verplichtingen luiden: {obligations}.",
                HIGH,
            ),
            Passage(
                "Het risico kan niet worden beperkt, omdat artikel 5 de praktijk verbiedt. Het gevolg luidt: "
                "{obligations}.",
                BANNED,
            ),
            Passage(
                "Het voornaamste risico is dat mensen AI niet als zodanig herkennen. De verplichting luidt: "
                "{obligations}.",
                LIMITED,
            ),
            Passage(
                "De AI-verordening schrijft voor dit risiconiveau geen maatregelen voor risicobeheer voor; "
                "vrijwillige gedragscodes volgens artikel 95 blijven mogelijk.",
                MINIMAL,
            ),
        ),
        (
            Passage(
                "{name} moet zo zijn ontworpen dat mensen er doeltreffend toezicht op kunnen houden (artikel 14): "
                "zij begrijpen de beperkingen, kunnen de uitvoer negeren of terzijde schuiven en kunnen het systeem "
                "stopzetten.",
                HIGH,
            ),
            Passage(
                "Gebeurtenissen worden gedurende de hele levensduur automatisch gelogd (artikel 12) en "
                "gebruiksverantwoordelijken bewaren de logs ten minste zes maanden (artikel 26). De aanbieder "
                "vermeldt wie verantwoordelijk is en hoe deze personen zijn opgeleid.",
                HIGH,
            ),
            Passage(
                "Geen enkele toezichtsmaatregel maakt {name} rechtmatig: het systeem mag niet in de handel worden "
                "gebracht, in gebruik worden gesteld of worden gebruikt. De aanbieder documenteert hoe het wordt "
                "teruggetrokken en wie dat bevestigt.",
                BANNED,
            ),
            Passage(
                "Gebruikers van {name} moeten uiterlijk bij het eerste contact weten dat zij te maken hebben met AI "
                "of met door AI gegenereerde inhoud (artikel 50). Menselijk toezicht en logging die verder gaan, "
                "zijn vrijwillig.",
                LIMITED,
            ),
            Passage(
                "Voor {name} zijn geen toezichtsmaatregelen verplicht. Een vast aanspreekpunt en een eenvoudige "
                "manier om het systeem uit te schakelen worden aanbevolen.",
                MINIMAL,
            ),
        ),
        (
            Passage(
                "Artikel 72 vereist voor {name} een plan voor monitoring na het in de handel brengen: gegevens over "
                "de prestaties in de praktijk worden gedurende de hele levensduur verzameld en geanalyseerd, met de "
                "toestand bij de classificatie op {classified} als ijkpunt.",
                HIGH,
            ),
            Passage(
                "Ernstige incidenten worden onmiddellijk en uiterlijk binnen 15 dagen aan de markttoezichtautoriteit "
                "gemeld (artikel 73); bij overlijden en wijdverbreide inbreuken gelden kortere termijnen. Drift, "
                "klachten en terzijde geschoven uitvoer dienen als indicatoren.",
                HIGH,
            ),
            Passage(
                "{name} mag niet in gebruik zijn, zodat er op de markt niets te monitoren valt. De aanbieder ziet "
                "erop toe dat het systeem niet opnieuw in gebruik wordt gesteld en laat elke wijziging van het doel "
                "opnieuw classificeren.",
                BANNED,
            ),
            Passage(
                "De AI-verordening schrijft voor {name} ({tier}) geen monitoringplan voor. Toch is het raadzaam "
                "klachten te verzamelen en de classificatie van {classified} te herhalen zodra het doel of het "
                "toepassingsgebied verandert.",
                LIGHT,
            ),
        ),
    ),
)
