"""French words of the Annex IV document."""

from types import MappingProxyType

from sandbox.apis.aikraft.annex_iv_texts import BANNED, HIGH, LIGHT, LIMITED, MINIMAL, Passage, Wording

WORDING = Wording(
    tiers=MappingProxyType(
        {
            "unacceptable": "risque inacceptable",
            "high": "haut risque",
            "limited": "risque limité",
            "minimal": "risque minimal",
        }
    ),
    areas=(
        "biométrie",
        "infrastructures critiques",
        "éducation et formation professionnelle",
        "emploi et gestion de la main-d’œuvre",
        "services privés et publics essentiels",
        "répression",
        "migration, asile et gestion des contrôles aux frontières",
        "justice et processus démocratiques",
    ),
    point="annexe III, point {where} ({area})",
    excepted=(
        "{annex}, exception au titre de l’article 6, paragraphe 3, que le fournisseur doit documenter et enregistrer "
        "(article 6, paragraphe 4)"
    ),
    outside="hors de l’annexe III",
    none="aucune",
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    day="{day} {month} {year}",
    separator=" ; ",
    first="1er",
    obligations=MappingProxyType(
        {
            "Annex IV technical documentation required": "Documentation technique conforme à l’annexe IV requise",
            "Conformity assessment required before deployment": (
                "Évaluation de la conformité requise avant le déploiement"
            ),
            "Registration in EU AI Act database required": (
                "Enregistrement requis dans la base de données de l’UE prévue par le règlement sur l’IA"
            ),
            "Human oversight measures must be implemented": (
                "Des mesures de contrôle humain doivent être mises en œuvre"
            ),
            "System is prohibited and must not be placed on the EU market, put into service or used": (
                "Le système est interdit et ne peut être ni mis sur le marché de l’UE, ni mis en service, ni utilisé"
            ),
            "Users must be informed that they are interacting with AI or with AI-generated content": (
                "Les utilisateurs doivent être informés qu’ils interagissent avec une IA ou avec un contenu généré "
                "par une IA"
            ),
        }
    ),
    titles=(
        "Description générale",
        "Conception et développement",
        "Informations sur le système",
        "Données d’entraînement et de validation",
        "Indicateurs de performance",
        "Gestion des risques",
        "Mesures de surveillance et de contrôle",
        "Plan de surveillance après commercialisation",
    ),
    passages=(
        (
            Passage(
                "{name} est un système d’IA destiné au domaine suivant : {domain}. Sa destination est la suivante : "
                "{purpose}",
            ),
            Passage("Le fournisseur le décrit ainsi : {description}"),
            Passage(
                "Enregistré le {created}, il a été classé le {classified}. Niveau de risque : {tier} ; place dans le "
                "règlement sur l’IA : {annex}.",
            ),
        ),
        (
            Passage("{name} a été conçu dans le but suivant : {purpose}"),
            Passage(
                "Le fournisseur complète cette section en précisant la méthode d’entraînement, l’architecture et les "
                "principaux choix de conception, avec leur justification.",
            ),
            Passage(
                "L’annexe IV, point 2, demande également les hypothèses retenues quant aux personnes concernées, "
                "ainsi que les compromis acceptés.",
                HIGH,
            ),
            Passage(
                "Pour ce niveau de risque ({tier}), le degré de détail est laissé à l’appréciation du fournisseur.",
                LIGHT,
            ),
        ),
        (
            Passage(
                "Cette section consigne ce dont {name} a besoin pour fonctionner, ainsi que ses entrées et ses "
                "sorties.",
            ),
            Passage("Les entrées et les sorties découlent de la description : {description}"),
            Passage(
                "La notice d’utilisation prévue à l’article 13 doit permettre aux déployeurs d’interpréter les "
                "sorties et de les utiliser de manière appropriée.",
                HIGH,
            ),
            Passage(
                "Il convient d’indiquer le matériel, les logiciels et les interfaces dans la mesure utile aux "
                "utilisateurs et aux intégrateurs.",
                LIGHT,
            ),
        ),
        (
            Passage(
                "Les données sur lesquelles repose {name} sont à décrire selon leur origine, leur étendue, leurs "
                "principales caractéristiques et leur préparation.",
            ),
            Passage(
                "En vertu de l’article 10, les données d’entraînement, de validation et de test doivent être "
                "pertinentes, suffisamment représentatives et examinées pour y déceler d’éventuels biais, en tenant "
                "compte du domaine d’utilisation ({domain}).",
                HIGH,
            ),
            Passage(
                "L’article 10 ne s’applique pas à ce niveau de risque ({tier}), mais une brève indication sur la "
                "qualité des données et les biais relève des bonnes pratiques.",
                LIGHT,
            ),
            Passage("Tout traitement de données à caractère personnel exige une base juridique au sens du RGPD."),
        ),
        (
            Passage("La performance de {name} se mesure au regard de sa finalité : {purpose}"),
            Passage(
                "L’article 15 exige un niveau approprié d’exactitude, de robustesse et de cybersécurité, déclaré "
                "dans la notice d’utilisation ; les résultats sont à ventiler par groupe de personnes concernées.",
                HIGH,
            ),
            Passage(
                "Aucun indicateur n’est imposé pour ce niveau de risque ({tier}) ; l’exactitude sur un jeu de test "
                "représentatif constitue un minimum raisonnable.",
                LIGHT,
            ),
            Passage(
                "La pratique étant interdite, les mesures peuvent tout au plus étayer la décision de retirer le "
                "système ; elles ne sauraient en justifier l’utilisation.",
                BANNED,
            ),
        ),
        (
            Passage(
                "Le classement de {name} (niveau de risque : {tier}) repose sur les facteurs suivants, cités dans "
                "les termes de la classification : {factors}.",
            ),
            Passage(
                "L’article 9 exige un système de gestion des risques couvrant tout le cycle de vie : les risques "
                "connus et prévisibles pour la santé, la sécurité et les droits fondamentaux sont recensés, atténués "
                "et testés, et les risques résiduels doivent être jugés acceptables. Les obligations sont les "
                "suivantes : {obligations}.",
                HIGH,
            ),
            Passage(
                "Le risque ne peut être atténué, car l’article 5 interdit cette pratique. La conséquence est la "
                "suivante : {obligations}.",
                BANNED,
            ),
            Passage(
                "Le principal risque est que les personnes ne reconnaissent pas l’IA comme telle. L’obligation est "
                "la suivante : {obligations}.",
                LIMITED,
            ),
            Passage(
                "Le règlement sur l’IA n’impose aucune mesure de gestion des risques pour ce niveau ; le fournisseur "
                "peut adhérer volontairement aux codes de conduite prévus à l’article 95.",
                MINIMAL,
            ),
        ),
        (
            Passage(
                "{name} doit être conçu de manière à permettre un contrôle humain effectif (article 14) : les "
                "personnes qui en sont chargées en comprennent les limites, peuvent ignorer ou annuler ses sorties "
                "et peuvent l’arrêter.",
                HIGH,
            ),
            Passage(
                "Les événements sont journalisés automatiquement pendant toute sa durée de vie (article 12) et les "
                "déployeurs conservent les journaux pendant au moins six mois (article 26). Le fournisseur désigne "
                "les personnes responsables et précise leur formation.",
                HIGH,
            ),
            Passage(
                "Aucune mesure de contrôle ne rend {name} licite : le système ne peut être ni mis sur le marché, ni "
                "mis en service, ni utilisé. Le fournisseur documente les modalités du retrait et indique qui le "
                "confirme.",
                BANNED,
            ),
            Passage(
                "Les utilisateurs de {name} doivent savoir, au plus tard lors du premier contact, qu’ils ont affaire "
                "à une IA ou à un contenu généré par une IA (article 50). Tout contrôle humain et toute "
                "journalisation allant au-delà sont facultatifs.",
                LIMITED,
            ),
            Passage(
                "Aucune mesure de contrôle n’est obligatoire pour {name}. Il est recommandé de désigner un "
                "interlocuteur et de prévoir un moyen simple d’arrêter le système.",
                MINIMAL,
            ),
        ),
        (
            Passage(
                "L’article 72 exige un plan de surveillance après commercialisation pour {name} : les données "
                "relatives à sa performance en usage réel sont recueillies et analysées pendant toute sa durée de "
                "vie, par rapport à l’état constaté lors du classement du {classified}.",
                HIGH,
            ),
            Passage(
                "Les incidents graves sont signalés sans délai à l’autorité de surveillance du marché, au plus tard "
                "dans les 15 jours (article 73) ; des délais plus courts s’appliquent en cas de décès ou "
                "d’infraction de grande ampleur. La dérive, les réclamations et les sorties annulées servent "
                "d’indicateurs.",
                HIGH,
            ),
            Passage(
                "{name} ne devant pas être utilisé, il n’y a rien à surveiller sur le marché. Le fournisseur veille "
                "à ce que le système ne soit pas remis en service et fait reclasser tout changement de finalité.",
                BANNED,
            ),
            Passage(
                "Le règlement sur l’IA n’impose aucun plan de surveillance pour {name} ({tier}). Il est néanmoins "
                "conseillé de recueillir les réclamations et de refaire le classement du {classified} dès que la "
                "finalité ou le domaine d’utilisation change.",
                LIGHT,
            ),
        ),
    ),
)
