# ruff: noqa: E501 (a row of a table is a line, so that rows can be compared)
"""Annex III of the EU AI Act, its neighbours in the Act, and the words and answers that point at them.

Everything here is a table; `classifier` reads it. Source: Regulation (EU) 2024/1689, Art. 5, 6 and 50 and Annex III.

A pattern is a line of words in a small language of its own:

    rank*            a word that begins with "rank"
    social_scor*     two words that follow each other at once
    +real_time       a mark that an answer leaves (`ANSWERS`)
    a|b              either word
    a b              both, in any order, with at most three words between them
    a b, c d         either phrase
    a & b            both, anywhere in what is said about the system
"""

from dataclasses import dataclass

STRONG, FAIR = 3, 2
EXCEPTION = -3


@dataclass(frozen=True, slots=True)
class Signal:
    """A pattern, what it weighs, and the sentence that explains it."""

    pattern: str
    weight: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Use:
    """One lettered point: its letter ("" where the Act gives none), title and signals."""

    letter: str
    title: str
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A group of uses with one consequence; `number` is its Annex III category, if it is one."""

    tier: str
    number: int | None
    title: str
    article: str
    opening: str
    words: str
    uses: tuple[Use, ...]


_EMOTION = "emotion*|mood|moods|sentiment recogni*|detect*|infer*|read*|analy*|measur*, +emotion_recognition"
_BODY = "biometric*|face|faces|facial|voice*|iris|gait|gaze|fingerprint*|pulse|posture, +biometric_data"
_BORDER = "asylum|migra*|immigra*|refugee*|border|borders|visa|visas"
_POLICE = (
    "police*|policing|law_enforcement|prosecut*|criminal*|crime|crimes|detective*|suspect|suspects, +law_enforcement"
)
_LIES = "polygraph*|lie_detect*, decept*|lying|truthful* detect*|assess*|recogni*"
_SUPPLY = (
    "water|gas|heat|heating|electric*|power|energy supply|grid|grids|network*|plant|plants|pipeline*|treatment,"
    "road traffic, traffic light*|signal*|control*, critical_infrastructure|critical_digital|smart_grid*"
)

ANNEX_III = (
    Area("high", 1, "Biometrics", "Annex III(1)", "System processes biometric data of individuals", "biometric*|face_recogn*|facial_recogn*|fingerprint*|gait", (
        Use("a", "Remote biometric identification", (
            Signal("biometric*|face|faces|facial|iris|gait|fingerprint* identif*|recogni*|match* & remote*|distance|crowd*|watchlist*|camera*|cctv|footage|video*|database*", STRONG, "People are identified from biometric data without actively taking part"),
            Signal("one_to one, verif* identity|holder|owner, unlock* phone*|device*|door*, authenticat* user*|customer*, +identity_verification_only", EXCEPTION, "One-to-one verification of identity is excepted from point 1(a)"))),
        Use("b", "Biometric categorisation", (
            Signal(f"{_BODY} & categori*|classif*|infer*|sort*|group*|estimat*|deduc* age|gender|sex|disabilit*|ethnic*|protected|sensitive", STRONG, "People are categorised by sensitive or protected attributes"),)),
        Use("c", "Emotion recognition", (
            Signal(f"{_EMOTION} & {_BODY}", STRONG, "Emotions are inferred from biometric data"),)))),
    Area("high", 2, "Critical infrastructure", "Annex III(2)", "System takes part in running critical infrastructure", _SUPPLY, (
        Use("", "Safety components of critical infrastructure", (
            Signal(f"{_SUPPLY} & safety|safe|safely|emergency|shutdown|shut|overload*|overpressure|blackout*|outage*|collision*, +safety_component", STRONG, "A failure may endanger the supply or the safety of people"),
            Signal(f"manage*|managing|operat*|control*|steer* & {_SUPPLY}", FAIR, "System manages or operates a supply network or road traffic"))),)),
    Area("high", 3, "Education and vocational training", "Annex III(3)", "System output influences the education of individuals", "education*|school*|university|universities|college*|student*|pupil*|learner*|vocational|exam|exams", (
        Use("a", "Access, admission or assignment", (
            Signal("admission*|admit*|enrol*|placement*|assign*|select*|applicant*|applicants student*|pupil*|university|universities|school*|college*|course|courses|programme*", STRONG, "Output determines access, admission or assignment to education"),)),
        Use("b", "Evaluation of learning outcomes", (
            Signal("grade|grades|grading|marks|marking|evaluat*|assess*|scor* essay*|homework|exam|exams|coursework|learning_outcome*|assignments", STRONG, "Output evaluates learning outcomes"),)),
        Use("c", "Appropriate level of education", (
            Signal("level|track|stream education|schooling|study & student*|pupil*|child*|learner*|person*|individual*", STRONG, "Output assesses the level of education that a person may reach"),)),
        Use("d", "Prohibited behaviour in tests", (
            Signal("proctor*|cheat*, monitor*|detect* prohibited|forbidden behaviour|behavior & exam|exams|examination*|test|tests|student*", STRONG, "Behaviour of people is monitored during tests"),)))),
    Area("high", 4, "Employment and workers' management", "Annex III(4)", "System output influences employment decisions affecting individuals", "human_resource*|hr|employment|employee*|employer*|recruit*|hiring|workforce|staff|personnel|job|jobs|worker*", (
        Use("a", "Recruitment and selection", (
            Signal("rank*|filter*|screen*|shortlist*|select* applicant*|candidate*|cv|cvs|resumes|jobseeker*", STRONG, "Output is used to rank and filter applicants from a pool"),
            Signal("target*|deliver*|optimis*|optimiz* job|jobs|vacanc*|recruitment ad|ads|advert*", STRONG, "Job advertisements are targeted at selected people"),
            Signal("evaluat*|interview*|assess*|scor* candidate*|applicant*|jobseeker* & job|jobs|vacanc*|hiring|recruit*|interview*|employment", STRONG, "Candidates are evaluated in interviews or tests"),
            Signal("loan|loans|credit|mortgage*|university|universities|pupil*|visa|visas|asylum|election*|voter*", -FAIR, "Some signals point to applicants other than for employment"))),
        Use("b", "Terms, promotion, termination, tasks and performance", (
            Signal("promot*|dismiss*|terminat*|demot* employee*|worker*|staff|contract|contracts|personnel", STRONG, "Output informs promotion or termination of work relationships"),
            Signal("allocat*|assign*|distribut* task|tasks|shift|shifts|orders|jobs|rides worker*|employee*|driver*|courier*|staff|rider*", STRONG, "Tasks are allocated by the behaviour or traits of workers"),
            Signal("monitor*|evaluat*|track*|rate|rates|rating|scor* performance|productivity|behaviour|behavior employee*|worker*|staff|driver*", STRONG, "Performance and behaviour of workers are monitored or evaluated"))))),
    Area("high", 5, "Essential private and public services", "Annex III(5)", "System output influences access to essential services", "financial_service*|bank*|lending|insur*|public_service*|social_service*|social_security|welfare|emergency|healthcare|hospital*", (
        Use("a", "Public benefits and services", (
            Signal("eligib*|entitle*|grant|grants|granted|reduc*|revok*|reclaim* benefit*|welfare|social_assistance|allowance*|social_housing|healthcare|public_service*", STRONG, "Output decides on eligibility for public benefits or services"),)),
        Use("b", "Creditworthiness and credit scores", (
            Signal("creditworth*, credit scor*|assess*|decision*|rating*|risk|approv*|worthiness, loan|loans|mortgage* approv*|scor*|assess*|eligib*|decision*|application*, lending decision*", STRONG, "Output evaluates the creditworthiness of individuals"),
            Signal("fraud*|launder* detect*|prevent*|flag*|screen*, +fraud_detection", EXCEPTION, "Detection of financial fraud is excepted from point 5(b)"))),
        Use("c", "Life and health insurance", (
            Signal("life|health insur* & pric*|premium*|underwrit*|risk|risks", STRONG, "Output informs risk assessment or pricing in life or health insurance"),)),
        Use("d", "Emergency calls, dispatch and triage", (
            Signal("emergency call*|dispatch*|responder*|patient*|caller*, ambulance*|brigade* dispatch*|send*, triage* & dispatch*|triage*|priorit*|classif*|evaluat*|rout*", STRONG, "Output sets priorities in emergency response"),)))),
    Area("high", 6, "Law enforcement", "Annex III(6)", "System output is used in law enforcement", _POLICE, (
        Use("a", "Risk of becoming a victim", (
            Signal("victim* risk|likelihood|predict*|becom*|chance", STRONG, "Output assesses the risk of a person becoming a victim"),)),
        Use("b", "Polygraphs and similar tools", (
            Signal(f"{_LIES} & {_POLICE}, interrogat*", STRONG, "System serves as a polygraph or similar tool"),
            Signal(_BORDER, EXCEPTION, "Some signals point to migration rather than law enforcement"))),
        Use("c", "Reliability of evidence", (
            Signal(f"reliab*|credib*|authentic* evidence|testimon*|witness* & {_POLICE}, investigat*", STRONG, "Output evaluates the reliability of evidence"),)),
        Use("d", "Risk of offending or re-offending", (
            Signal("offend*|reoffend*|offence*|offense*|crime|crimes risk|likelihood|predict*|probab*, recidivism", STRONG, "Output assesses the risk of a person offending or re-offending"),)),
        Use("e", "Profiling in detection, investigation or prosecution", (
            Signal(f"profil* & detect*|investigat*|prosecut* & {_POLICE}", STRONG, "People are profiled to detect, investigate or prosecute offences"),)))),
    Area("high", 7, "Migration, asylum and border control", "Annex III(7)", "System output is used in migration, asylum or border control", _BORDER, (
        Use("a", "Polygraphs and similar tools", (
            Signal(f"{_LIES} & {_BORDER}", STRONG, "System serves as a polygraph or similar tool"),)),
        Use("b", "Risk assessment of people", (
            Signal(f"risk|risks|threat|threats assess*|scor*|predict*|evaluat*|estimat*|pos* & {_BORDER} & travel*|migra*|person*|visitor*|people|entrant*|passenger*", STRONG, "Output assesses security, migration or health risks posed by people"),)),
        Use("c", "Asylum, visa and residence applications", (
            Signal("examin*|assess*|process*|evaluat*|decid*|review* asylum|visa|visas|residence application*|claim*|permit*|request*", STRONG, "Output assists the examination of asylum, visa or residence applications"),)),
        Use("d", "Detecting, recognising or identifying people", (
            Signal(f"detect*|recogni*|identif* people|person*|migrant*|traveller*|individual*|face|faces & {_BORDER}", STRONG, "People are detected, recognised or identified at the border"),
            Signal("passport*|travel_document*|visa_sticker* verif*|check*|read*|authentic*", EXCEPTION, "Verification of travel documents is excepted from point 7(d)"))))),
    Area("high", 8, "Justice and democratic processes", "Annex III(8)", "System output influences justice or democratic processes", "justice|judicia*|court|courts|judge|judges|tribunal*|election*|elector*|referendum*|democra*", (
        Use("a", "Assistance to judicial authorities", (
            Signal("judge|judges|court|courts|judicial|tribunal*|arbitrat*|dispute* research*|interpret*|apply|applies|applying|assist*|draft*|suggest*|resol*|ruling*|sentenc*", STRONG, "Output assists in researching, interpreting or applying the law"),)),
        Use("b", "Elections and voting behaviour", (
            Signal("influenc*|sway*|persuad*|microtarget*|target*|nudg* voter*|voting|vote|votes|election*|referendum*|electorate", STRONG, "Output is meant to influence elections or voting behaviour"),)))),
)  # fmt: skip

PRODUCTS = Area("high", None, "Products under EU safety law", "Art. 6(1)", "System is a safety component of a regulated product, or is such a product", "", (
    Use("", "Safety component of a product", (
        Signal("+safety_component, +regulated_product, safety_component*|safety_function* machin*|lift|lifts|toy|toys|vehicle*|aircraft|boiler*|elevator*|product*|robot*, medical_device* diagnos*|treat*|therap*|monitor*", STRONG, "A third-party conformity assessment applies under the law listed in Annex I"),)),
))  # fmt: skip

PROHIBITED = Area("unacceptable", None, "Prohibited practices", "Art. 5", "Use falls under a practice that Article 5 of the EU AI Act prohibits", "", (
    Use("a", "Manipulation", (
        Signal("subliminal*, manipulat*|deceptive behaviour|behavior|choice*|decision*|consumer*|voter*|technique*, +manipulates_behaviour", STRONG, "Subliminal or manipulative techniques distort people's behaviour"),)),
    Use("b", "Exploitation of vulnerabilities", (
        Signal("exploit*|prey*|abus* vulnerab*|elderly|child*|disab*|poverty|addict* & people|person*|consumer*|elderly|older|child*|disab*|poverty|addict*|player*", STRONG, "Vulnerabilities of people due to age, disability or situation are exploited"),
        Signal("+exploits_vulnerability", STRONG, "Vulnerabilities of people due to age, disability or situation are exploited"),
        Signal("software|malware|security vulnerab*|exploit*", EXCEPTION, "Some signals point to vulnerabilities of software"))),
    Use("c", "Social scoring", (
        Signal("social_scor*|social_credit|+social_scoring, scor*|rank*|rate|rates|rating citizen*|resident* behaviour|behavior|trustworth*|conduct", STRONG, "People are scored by their social behaviour or personal traits"),)),
    Use("d", "Crime prediction solely by profiling", (
        Signal("predict*|risk|likelihood crime*|criminal*|offend*|offence* & solely|only|exclusively|purely profil*|personality, +solely_profiling", STRONG, "The risk of crime is predicted solely from profiling or personality traits"),)),
    Use("e", "Untargeted scraping of faces", (
        Signal("scrap*|harvest* face|faces|facial & untargeted|indiscriminate*|internet|web|cctv|social_media", STRONG, "Facial images are scraped without a target to build a database"),
        Signal("+untargeted_scraping", STRONG, "Facial images are scraped without a target to build a database"))),
    Use("f", "Emotion recognition at work or school", (
        Signal(f"{_EMOTION} & employee*|worker*|workplace*|staff|classroom*|school*|pupil*|student*|+workplace_or_school", STRONG, "Emotions of people are inferred at work or in education"),
        Signal("medical|safety|therapeutic reason*|ground|grounds", EXCEPTION, "Medical or safety reasons are excepted from the prohibition"))),
    Use("g", "Biometric categorisation by sensitive traits", (
        Signal(f"{_BODY} & categori*|classif*|infer*|sort*|deduc*|predict* race|racial|religio*|politic*|trade_union*|sexual*|sex_life", STRONG, "Race, beliefs, politics or sexual life are inferred from biometric data"),)),
    Use("h", "Real-time public biometric identification", (
        Signal("real_time|realtime|live|+real_time & biometric*|face|faces|facial identif*|recogni*|match*|surveil*, +biometric_data & public|publicly|street*|square*|crowd*|stadium*|+public_space", STRONG, "People are identified biometrically in real time in public spaces"),)),
))  # fmt: skip

TRANSPARENCY = Area("limited", None, "Transparency duties", "Art. 50", "Use carries a duty of transparency under Article 50 of the EU AI Act", "", (
    Use("", "Interaction with people", (
        Signal("chatbot*|chat_bot*|voicebot*|virtual_assistant*|voice_assistant*|conversational|+interacts_with_people, assistant answer*|chat*|talk*|repl*", STRONG, "People interact directly with the system"),)),
    Use("", "Synthetic content", (
        Signal("deepfake*|deep_fake*|face_swap*|voice_clon*|synthetic_image*|synthetic_video*|synthetic_voice*|+generates_synthetic_content, generat*|synthesis*|synthesiz* image*|picture*|video|videos|audio|speech|music|text|texts", STRONG, "Content that people see or hear is generated or altered"),)),
    Use("", "Emotion recognition", (
        Signal(_EMOTION, STRONG, "People are exposed to emotion recognition"),)),
))  # fmt: skip

HARMLESS = Area("minimal", None, "No obligation", "Art. 95", "Use is of a kind that the EU AI Act leaves free", "", (
    Use("", "Everyday uses", (
        Signal("spam|junk|phishing filter*|detect*|mail*|email*|message*|block*", FAIR, "Unwanted messages are filtered"),
        Signal("demand|stock|inventory|sales|weather|parcel* forecast*|predict*|plan*|optimis*|optimiz*", FAIR, "Quantities rather than people are forecast"),
        Signal("warehouse*|logistic*|email*|mail|mailbox*|spam|game|games|gaming", FAIR, "The field of use is of little consequence for individuals"),
        Signal("recommend* product*|music|song*|film|films|movie*|recipe*", FAIR, "Goods or entertainment are recommended"))),
))  # fmt: skip

AREAS = (*ANNEX_III, PRODUCTS, PROHIBITED, TRANSPARENCY, HARMLESS)

PROFILING = Signal("profil* person*|people|individual*|user*|applicant*|customer*|candidate*|citizen*|employee*|suspect*, +profiling", 0, "Profiling of individuals rules out the exceptions of Art. 6(3)")  # fmt: skip

# Art. 6(3): an Annex III use that is not high-risk after all; their weight is not used, one is enough.
EXEMPTIONS = (
    Signal("narrow procedural, purely_procedural|procedural_task*|+narrow_procedural_task", 0, "Only a narrow procedural task is performed, Art. 6(3)(a)"),
    Signal("improv*|polish*|proofread* completed|finished human|work|text|texts|activity, +improves_human_work", 0, "The result of finished human work is improved, Art. 6(3)(b)"),
    Signal("detect* deviation*|pattern* decision*|decision_making, +detects_patterns_only", 0, "Decision patterns are detected without replacing human assessment, Art. 6(3)(c)"),
    Signal("preparatory|+preparatory_task", 0, "Only a preparatory task is performed, Art. 6(3)(d)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """A key of the questionnaire, the values that count ("yes" is also true), and what they then add.

    `mark` is the word that patterns may ask for; `weight` goes to every high-risk case that has a signal of its own.
    """

    key: str
    values: tuple[str, ...]
    mark: str
    weight: int
    sentence: str


YES, NO = ("yes",), ("no",)

ANSWERS = (
    Answer("affects_individuals", YES, "", 2, "Output affects individuals"),
    Answer("affects_individuals", NO, "", -2, "Output does not affect individuals"),
    Answer("people_affected", ("positive",), "", 1, "The number of people affected is known and not zero"),
    Answer("human_override", ("yes", "common", "always", "often"), "", -1, "Human override is possible and used in practice"),
    Answer("human_override", ("uncommon", "rare", "rarely", "seldom"), "", 2, "Human override is possible but uncommon in practice"),
    Answer("human_override", ("no", "none", "never", "impossible"), "", 3, "Human override is not possible"),
    Answer("fully_automated", YES, "", 2, "Decisions are made without a human in the loop"),
    Answer("fully_automated", NO, "", -1, "A human takes part in every decision"),
    Answer("profiling", YES, "+profiling", 2, "System profiles natural persons"),
    Answer("solely_profiling", YES, "+solely_profiling", 2, "Output rests solely on profiling"),
    Answer("biometric_data", YES, "+biometric_data", 3, "Biometric data is processed"),
    Answer("special_category_data", YES, "", 2, "Special categories of personal data are processed"),
    Answer("anonymised_data", YES, "", -2, "Only anonymised data is processed"),
    Answer("vulnerable_people", YES, "", 2, "People in a vulnerable situation are affected"),
    Answer("public_authority", YES, "", 1, "System is used by or for a public authority"),
    Answer("law_enforcement", YES, "+law_enforcement", 1, "System is used by or for law enforcement"),
    Answer("real_time", YES, "+real_time", 0, "System works in real time"),
    Answer("public_space", YES, "+public_space", 0, "System is used in publicly accessible spaces"),
    Answer("workplace_or_school", YES, "+workplace_or_school", 0, "System is used at work or in education"),
    Answer("emotion_recognition", YES, "+emotion_recognition", 0, "System infers emotions"),
    Answer("social_scoring", YES, "+social_scoring", 0, "System scores people by their social behaviour"),
    Answer("untargeted_scraping", YES, "+untargeted_scraping", 0, "System scrapes facial images without a target"),
    Answer("manipulates_behaviour", YES, "+manipulates_behaviour", 0, "System manipulates behaviour"),
    Answer("exploits_vulnerability", YES, "+exploits_vulnerability", 0, "System exploits vulnerabilities of people"),
    Answer("interacts_with_people", YES, "+interacts_with_people", 0, "System interacts directly with people"),
    Answer("generates_synthetic_content", YES, "+generates_synthetic_content", 0, "System generates synthetic content"),
    Answer("safety_component", YES, "+safety_component", 0, "System is a safety component"),
    Answer("regulated_product", YES, "+regulated_product", 0, "System is a product under listed EU safety law"),
    Answer("fraud_detection", YES, "+fraud_detection", 0, "System detects financial fraud"),
    Answer("identity_verification_only", YES, "+identity_verification_only", 0, "System only verifies that people are who they claim to be"),
    Answer("narrow_procedural_task", YES, "+narrow_procedural_task", 0, "System performs a narrow procedural task"),
    Answer("improves_human_work", YES, "+improves_human_work", 0, "System improves finished human work"),
    Answer("detects_patterns_only", YES, "+detects_patterns_only", 0, "System only detects patterns in earlier decisions"),
    Answer("preparatory_task", YES, "+preparatory_task", 0, "System performs a preparatory task"),
    *(
        Answer("annex_iii_category", (f"{area.number}",), f"+category_{area.number}", 0, f"Answers place the system in Annex III, category {area.number}")
        for area in ANNEX_III
    ),
    *(
        Answer("annex_iii_sub_point", (f"{area.number}({use.letter})",), f"+point_{area.number}({use.letter})", 0, f"Answers place the system in Annex III, point {area.number}({use.letter})")
        for area in ANNEX_III
        for use in area.uses
        if use.letter
    ),
)  # fmt: skip
