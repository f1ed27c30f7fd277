"""English words of the Annex IV document."""

from types import MappingProxyType

from sandbox.apis.aikraft.annex_iv_texts import BANNED, HIGH, LIGHT, LIMITED, MINIMAL, Passage, Wording

WORDING = Wording(
    tiers=MappingProxyType(
        {"unacceptable": "unacceptable risk", "high": "high risk", "limited": "limited risk", "minimal": "minimal risk"}
    ),
    areas=(
        "biometrics",
        "critical infrastructure",
        "education and vocational training",
        "employment and workers' management",
        "essential private and public services",
        "law enforcement",
        "migration, asylum and border control",
        "justice and democratic processes",
    ),
    point="Annex III, point {where} ({area})",
    excepted="{annex}, excepted under Article 6(3), which the provider must document and register (Article 6(4))",
    outside="outside Annex III",
    none="none",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    day="{day} {month} {year}",
    separator="; ",
    first="1",
    obligations=MappingProxyType(
        {
            "Annex IV technical documentation required": "Annex IV technical documentation required",
            "Conformity assessment required before deployment": ("Conformity assessment required before deployment"),
            "Registration in EU AI Act database required": "Registration in EU AI Act database required",
            "Human oversight measures must be implemented": "Human oversight measures must be implemented",
            "System is prohibited and must not be placed on the EU market, put into service or used": (
                "System is prohibited and must not be placed on the EU market, put into service or used"
            ),
            "Users must be informed that they are interacting with AI or with AI-generated content": (
                "Users must be informed that they are interacting with AI or with AI-generated content"
            ),
        }
    ),
    titles=(
        "General description",
        "Design and development",
        "System information",
        "Training and validation data",
        "Performance metrics",
        "Risk management",
        "Oversight and control measures",
        "Post-market monitoring plan",
    ),
    passages=(
        (
            Passage(
                "{name} is an AI system for use in the following field: {domain}. Its intended purpose is: {purpose}",
            ),
            Passage("The provider describes it as follows: {description}"),
            Passage(
                "It was registered on {created} and classified on {classified} as {tier}; its place in the EU AI Act "
                "is: {annex}.",
            ),
        ),
        (
            Passage("{name} was designed for this purpose: {purpose}"),
            Passage(
                "The provider adds the training method, the architecture and the main design decisions, each with "
                "its reasons.",
            ),
            Passage(
                "Annex IV(2) also asks for the assumptions made about the people on whom the system is to be used "
                "and for the trade-offs that were accepted.",
                HIGH,
            ),
            Passage("For a system of this tier ({tier}) the level of detail is left to the provider.", LIGHT),
        ),
        (
            Passage(
                "This section records what {name} needs in order to run, and what goes into it and comes out of it.",
            ),
            Passage("Inputs and outputs follow from the description: {description}"),
            Passage(
                "Instructions for use under Article 13 must let deployers interpret the output and use it "
                "appropriately.",
                HIGH,
            ),
            Passage(
                "Hardware, software and interfaces should be listed as far as they help users and integrators.",
                LIGHT,
            ),
        ),
        (
            Passage(
                "The data behind {name} are to be described by origin, scope, main characteristics and preparation.",
            ),
            Passage(
                "Under Article 10 the training, validation and testing data must be relevant, sufficiently "
                "representative and examined for possible bias, with particular regard to the field of use "
                "({domain}).",
                HIGH,
            ),
            Passage(
                "Article 10 does not apply to a system of this tier ({tier}), but a short statement on data quality "
                "and bias is good practice.",
                LIGHT,
            ),
            Passage("Any personal data must have a legal basis under the GDPR."),
        ),
        (
            Passage("The performance of {name} is to be measured against its purpose: {purpose}"),
            Passage(
                "Article 15 requires an appropriate level of accuracy, robustness and cybersecurity, declared in the "
                "instructions for use; results are to be broken down by the groups of people affected.",
                HIGH,
            ),
            Passage(
                "No metric is prescribed for this tier ({tier}); accuracy on a representative test set is a sensible "
                "minimum.",
                LIGHT,
            ),
            Passage(
                "As the practice is prohibited, measurements may at most support the decision to withdraw the "
                "system; they cannot justify its use.",
                BANNED,
            ),
        ),
        (
            Passage("The classification of {name} as {tier} rests on these factors: {factors}."),
            Passage(
                "Article 9 requires a risk management system over the whole life cycle: known and foreseeable risks "
                "to health, safety and fundamental rights are identified, mitigated and tested, and residual risks "
                "are judged acceptable. The obligations are: {obligations}.",
                HIGH,
            ),
            Passage(
                "The risk cannot be mitigated, because Article 5 prohibits the practice. The consequence is: "
                "{obligations}.",
                BANNED,
            ),
            Passage(
                "The main risk is that people do not recognise AI as such. The obligation is: {obligations}.",
                LIMITED,
            ),
            Passage(
                "The EU AI Act prescribes no risk management measures for this tier; voluntary codes of conduct "
                "under Article 95 remain open.",
                MINIMAL,
            ),
        ),
        (
            Passage(
                "{name} must be designed so that people can oversee it effectively (Article 14): they understand its "
                "limits, can disregard or override its output, and can stop it.",
                HIGH,
            ),
            Passage(
                "Events are logged automatically over its lifetime (Article 12), and deployers keep the logs for at "
                "least six months (Article 26). The provider names the persons in charge and their training.",
                HIGH,
            ),
            Passage(
                "No measure of oversight makes {name} lawful: it must not be placed on the market, put into service "
                "or used. The provider documents how it is withdrawn and who confirms this.",
                BANNED,
            ),
            Passage(
                "Users of {name} must learn that they are dealing with AI or with AI-generated content, at the "
                "latest at the first contact (Article 50). Human oversight and logs beyond that are voluntary.",
                LIMITED,
            ),
            Passage(
                "No oversight measures are mandatory for {name}. A named contact and a simple way to switch the "
                "system off are recommended.",
                MINIMAL,
            ),
        ),
        (
            Passage(
                "Article 72 requires a post-market monitoring plan for {name}: data on its performance in use are "
                "collected and analysed throughout its lifetime, measured against the state at classification on "
                "{classified}.",
                HIGH,
            ),
            Passage(
                "Serious incidents are reported to the market surveillance authority without delay, and within 15 "
                "days at the latest (Article 73); shorter periods apply to deaths and to widespread infringements. "
                "Drift, complaints and overridden outputs serve as indicators.",
                HIGH,
            ),
            Passage(
                "{name} must not be in use, so there is nothing to monitor on the market. The provider watches that "
                "it is not put back into service, and has any change of purpose classified anew.",
                BANNED,
            ),
            Passage(
                "The EU AI Act prescribes no monitoring plan for {name} ({tier}). It is nevertheless advisable to "
                "collect complaints and to repeat the classification of {classified} whenever purpose or field of "
                "use change.",
                LIGHT,
            ),
        ),
    ),
)
