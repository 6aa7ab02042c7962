"""Typed grading of answers: figures, dates, lists, yes and no, phrases, abstention."""

from lamina.assessment.grading.grader import ABSTAINED, EMPTY, GRADER, Grade, contains, grade

__all__ = ["ABSTAINED", "EMPTY", "GRADER", "Grade", "contains", "grade"]
