"""German words of the Annex IV document."""

from types import MappingProxyType

from sandbox.apis.aikraft.annex_iv_texts import BANNED, HIGH, LIGHT, LIMITED, MINIMAL, Passage, Wording

WORDING = Wording(
    tiers=MappingProxyType(
        {
            "unacceptable": "unannehmbares Risiko",
            "high": "hohes Risiko",
            "limited": "begrenztes Risiko",
            "minimal": "minimales Risiko",
        }
    ),
    areas=(
        "Biometrie",
        "kritische Infrastruktur",
        "allgemeine und berufliche Bildung",
        "Beschäftigung und Personalmanagement",
        "grundlegende private und öffentliche Dienste",
        "Strafverfolgung",
        "Migration, Asyl und Grenzkontrolle",
        "Rechtspflege und demokratische Prozesse",
    ),
    point="Anhang III Nummer {where} ({area})",
    excepted=(
        "{annex}, nach Artikel 6 Absatz 3 ausgenommen, was der Anbieter nach Artikel 6 Absatz 4 zu dokumentieren und "
        "zu registrieren hat"
    ),
    outside="außerhalb von Anhang III",
    none="keine",
    months=(
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ),
    day="{day}. {month} {year}",
    separator="; ",
    first="1",
    obligations=MappingProxyType(
        {
            "Annex IV technical documentation required": "Technische Dokumentation nach Anhang IV erforderlich",
            "Conformity assessment required before deployment": (
                "Konformitätsbewertung vor der Inbetriebnahme erforderlich"
            ),
            "Registration in EU AI Act database required": (
                "Registrierung in der EU-Datenbank der KI-Verordnung erforderlich"
            ),
            "Human oversight measures must be implemented": (
                "Maßnahmen zur menschlichen Aufsicht müssen umgesetzt werden"
            ),
            "System is prohibited and must not be placed on the EU market, put into service or used": (
                "Das System ist verboten und darf in der EU weder in Verkehr gebracht noch in Betrieb genommen oder "
                "verwendet werden"
            ),
            "Users must be informed that they are interacting with AI or with AI-generated content": (
                "Nutzer müssen darüber informiert werden, dass sie mit KI oder mit KI-generierten Inhalten zu tun haben"
            ),
        }
    ),
    titles=(
        "Allgemeine Beschreibung",
        "Konzeption und Entwicklung",
        "Systeminformationen",
        "Trainings- und Validierungsdaten",
        "Leistungskennzahlen",
        "Risikomanagement",
        "Aufsichts- und Kontrollmaßnahmen",
        "Plan zur Beobachtung nach dem Inverkehrbringen",
    ),
    passages=(
        (
            Passage(
                "{name} ist ein KI-System für den folgenden Einsatzbereich: {domain}. Seine Zweckbestimmung lautet: "
                "{purpose}",
            ),
            Passage("Der Anbieter beschreibt es wie folgt: {description}"),
            Passage(
                "Es wurde am {created} erfasst und am {classified} eingestuft. Risikostufe: {tier}; Einordnung in "
                "die KI-Verordnung: {annex}.",
            ),
        ),
        (
            Passage("{name} wurde für den folgenden Zweck entwickelt: {purpose}"),
            Passage(
                "Der Anbieter ergänzt das Trainingsverfahren, die Architektur und die wesentlichen "
                "Entwurfsentscheidungen samt ihrer Begründung.",
            ),
            Passage(
                "Anhang IV Nummer 2 verlangt außerdem Angaben zu den Annahmen über die betroffenen Personen und zu "
                "den Kompromissen, die dabei eingegangen wurden.",
                HIGH,
            ),
            Passage(
                "Wie ausführlich diese Angaben ausfallen, ist bei dieser Risikostufe ({tier}) dem Anbieter überlassen.",
                LIGHT,
            ),
        ),
        (
            Passage(
                "Dieser Abschnitt hält fest, was {name} für den Betrieb benötigt und welche Ein- und Ausgaben "
                "vorgesehen sind.",
            ),
            Passage("Ein- und Ausgaben ergeben sich aus der Beschreibung: {description}"),
            Passage(
                "Die Betriebsanleitung nach Artikel 13 muss es den Betreibern ermöglichen, die Ausgaben richtig zu "
                "deuten und angemessen zu verwenden.",
                HIGH,
            ),
            Passage(
                "Hardware, Software und Schnittstellen sollten so weit aufgeführt werden, wie es Nutzern und "
                "Integratoren hilft.",
                LIGHT,
            ),
        ),
        (
            Passage(
                "Die Daten, auf denen {name} beruht, sind nach Herkunft, Umfang, wesentlichen Merkmalen und "
                "Aufbereitung zu beschreiben.",
            ),
            Passage(
                "Nach Artikel 10 müssen Trainings-, Validierungs- und Testdaten relevant und hinreichend "
                "repräsentativ sein und auf mögliche Verzerrungen geprüft werden; der Einsatzbereich ({domain}) ist "
                "dabei besonders zu berücksichtigen.",
                HIGH,
            ),
            Passage(
                "Artikel 10 gilt für diese Risikostufe ({tier}) nicht; eine kurze Aussage zu Datenqualität und "
                "Verzerrungen entspricht jedoch guter Praxis.",
                LIGHT,
            ),
            Passage("Für personenbezogene Daten ist eine Rechtsgrundlage nach der DSGVO erforderlich."),
        ),
        (
            Passage("Die Leistung von {name} ist am Verwendungszweck zu messen: {purpose}"),
            Passage(
                "Artikel 15 verlangt ein angemessenes Maß an Genauigkeit, Robustheit und Cybersicherheit, das in der "
                "Betriebsanleitung anzugeben ist; die Ergebnisse sind nach betroffenen Personengruppen "
                "aufzuschlüsseln.",
                HIGH,
            ),
            Passage(
                "Für diese Risikostufe ({tier}) sind keine Kennzahlen vorgeschrieben; die Genauigkeit auf einem "
                "repräsentativen Testdatensatz ist ein sinnvolles Minimum.",
                LIGHT,
            ),
            Passage(
                "Da die Praktik verboten ist, können Messungen allenfalls die Entscheidung über die Rücknahme des "
                "Systems stützen; seinen Einsatz rechtfertigen sie nicht.",
                BANNED,
            ),
        ),
        (
            Passage(
                "Die Einstufung von {name} (Risikostufe: {tier}) beruht auf folgenden Faktoren, hier im Wortlaut der "
                "Klassifizierung: {factors}.",
            ),
            Passage(
                "Artikel 9 verlangt ein Risikomanagementsystem über den gesamten Lebenszyklus: Bekannte und "
                "vorhersehbare Risiken für Gesundheit, Sicherheit und Grundrechte werden ermittelt, gemindert und "
                "überprüft, und die Restrisiken müssen vertretbar sein. Die Pflichten lauten: {obligations}.",
                HIGH,
            ),
            Passage(
                "Das Risiko lässt sich nicht mindern, da Artikel 5 die Praktik verbietet. Die Folge lautet: "
                "{obligations}.",
                BANNED,
            ),
            Passage(
                "Das wesentliche Risiko besteht darin, dass Menschen KI nicht als solche erkennen. Die Pflicht "
                "lautet: {obligations}.",
                LIMITED,
            ),
            Passage(
                "Die KI-Verordnung schreibt für diese Risikostufe keine Maßnahmen des Risikomanagements vor; "
                "freiwillige Verhaltenskodizes nach Artikel 95 stehen dem Anbieter offen.",
                MINIMAL,
            ),
        ),
        (
            Passage(
                "{name} muss so gestaltet sein, dass Menschen es wirksam beaufsichtigen können (Artikel 14): Sie "
                "kennen seine Grenzen, können sich über seine Ausgaben hinwegsetzen und es anhalten.",
                HIGH,
            ),
            Passage(
                "Ereignisse werden während der gesamten Lebensdauer automatisch protokolliert (Artikel 12), und die "
                "Betreiber bewahren die Protokolle mindestens sechs Monate auf (Artikel 26). Der Anbieter benennt "
                "die zuständigen Personen und deren Schulung.",
                HIGH,
            ),
            Passage(
                "Keine Aufsichtsmaßnahme macht {name} rechtmäßig: Das System darf weder in Verkehr gebracht noch in "
                "Betrieb genommen oder verwendet werden. Der Anbieter dokumentiert, wie es zurückgezogen wird und "
                "wer dies bestätigt.",
                BANNED,
            ),
            Passage(
                "Wer {name} nutzt, muss spätestens beim ersten Kontakt erfahren, dass es sich um KI oder um "
                "KI-generierte Inhalte handelt (Artikel 50). Menschliche Aufsicht und Protokollierung, die darüber "
                "hinausgehen, sind freiwillig.",
                LIMITED,
            ),
            Passage(
                "Für {name} sind keine Aufsichtsmaßnahmen vorgeschrieben. Empfohlen werden eine benannte "
                "Ansprechperson und eine einfache Möglichkeit, das System abzuschalten.",
                MINIMAL,
            ),
        ),
        (
            Passage(
                "Artikel 72 verlangt für {name} einen Plan zur Beobachtung nach dem Inverkehrbringen: Daten zur "
                "Leistung im Einsatz werden während der gesamten Lebensdauer erhoben und ausgewertet; Bezugspunkt "
                "ist der Stand bei der Einstufung am {classified}.",
                HIGH,
            ),
            Passage(
                "Schwerwiegende Vorfälle sind der Marktüberwachungsbehörde unverzüglich, spätestens innerhalb von 15 "
                "Tagen zu melden (Artikel 73); bei Todesfällen und weitverbreiteten Verstößen gelten kürzere "
                "Fristen. Drift, Beschwerden und übersteuerte Ausgaben dienen als Indikatoren.",
                HIGH,
            ),
            Passage(
                "{name} darf nicht in Betrieb sein, sodass es auf dem Markt nichts zu beobachten gibt. Der Anbieter "
                "stellt sicher, dass das System nicht erneut in Betrieb genommen wird, und lässt jede Änderung des "
                "Zwecks neu einstufen.",
                BANNED,
            ),
            Passage(
                "Die KI-Verordnung schreibt für {name} ({tier}) keinen Beobachtungsplan vor. Dennoch empfiehlt es "
                "sich, Beschwerden zu sammeln und die Einstufung vom {classified} zu wiederholen, sobald sich Zweck "
                "oder Einsatzbereich ändern.",
                LIGHT,
            ),
        ),
    ),
)
