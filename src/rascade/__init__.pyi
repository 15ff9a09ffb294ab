from rascade import evidence as evidence
from rascade import model as model
from rascade.face.answers import attribute as attribute
from rascade.face.answers import sensitivity as sensitivity
from rascade.face.answers import subgroups as subgroups
from rascade.face.cohort import Cohort as Cohort
from rascade.face.decisions import forecast as forecast
from rascade.face.decisions import frozen_predictions as frozen_predictions
from rascade.face.decisions import next_trial as next_trial
from rascade.face.decisions import optimise as optimise
from rascade.face.decisions import value_of_information as value_of_information
from rascade.face.drug import Drug as Drug
from rascade.face.experiment import Experiment as Experiment
from rascade.face.experiment_result import ExperimentResult as ExperimentResult
from rascade.face.published import PublishedArm as PublishedArm
from rascade.face.published import published as published
from rascade.face.result import EndPoint as EndPoint
from rascade.face.result import TrialResult as TrialResult
from rascade.face.result import open_result as open_result
from rascade.face.simulate import simulate as simulate
from rascade.face.trial import Trial as Trial

__version__: str
RESEARCH_USE: str
