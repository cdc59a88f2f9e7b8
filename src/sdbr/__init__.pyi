from sdbr.api.results import Result as Result
from sdbr.api.results import Results as Results
from sdbr.api.session import Session as Session
from sdbr.api.session import edit as edit
from sdbr.api.session import estimate as estimate
from sdbr.api.session import img2gif as img2gif
from sdbr.api.session import img2img as img2img
from sdbr.api.session import txt2img as txt2img
from sdbr.api.session import upscale as upscale
from sdbr.api.session import vid2vid as vid2vid
from sdbr.emulator import Emulator as Emulator
from sdbr.emulator import Faults as Faults
from sdbr.errors import AccessProblem as AccessProblem
from sdbr.errors import InputProblem as InputProblem
from sdbr.errors import OverBudget as OverBudget
from sdbr.errors import PartlyDone as PartlyDone
from sdbr.errors import Refused as Refused
from sdbr.errors import SdbrError as SdbrError
from sdbr.errors import ServiceProblem as ServiceProblem
from sdbr.errors import UsageProblem as UsageProblem
from sdbr.generation.estimate import Estimate as Estimate
from sdbr.request import ImageRequest as ImageRequest

__version__: str
